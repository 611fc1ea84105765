# Recalibration of a Cox model on another cohort: coefficients of the odd GBSG2 patients, baseline of the even ones.
# R 4.2.2, survival 3.5-3. Run in the folder of the tables: Rscript recalibration_reference.R
library(survival)
d <- read.csv("gbsg2.csv")
d$months <- d$time / 30.4375
d$horTh1 <- (d$horTh == "yes") * 1
odd <- d[seq(1, nrow(d), 2), ]
even <- d[seq(2, nrow(d), 2), ]
form <- Surv(months, event) ~ age + horTh1 + tsize + pnodes + progrec
new <- data.frame(age = c(40, 55, 68), horTh1 = c(0, 1, 0), tsize = c(20, 30, 55), pnodes = c(1, 4, 12), progrec = c(200, 50, 0))
rows <- NULL
for (ties in c("efron", "breslow")) {
  old <- coxph(form, odd, ties = ties)
  # The old coefficients held fixed on the new cohort; their covariance is that of the old cohort.
  kept <- coxph(form, even, ties = ties, init = coef(old), control = coxph.control(iter.max = 0))
  kept$var <- vcov(old)
  s <- summary(survfit(kept, newdata = new, conf.type = "log-log"), times = c(12, 36, 60))
  base <- survfit(kept, newdata = data.frame(as.list(colMeans(even[c("age", "horTh1", "tsize", "pnodes", "progrec")]))), se.fit = FALSE)
  for (i in 1:3) rows <- rbind(rows, data.frame(ties = ties, patient = i, months = s$time, survival = s$surv[, i],
    lower = s$lower[, i], upper = s$upper[, i], center = summary(base, times = c(12, 36, 60))$surv))
}
write.csv(rows, "recalibration_baseline.csv", row.names = FALSE)
old <- coxph(form, odd)
even$lp <- as.matrix(even[names(coef(old))]) %*% coef(old)
slope <- coxph(Surv(months, event) ~ lp, even)
write.csv(data.frame(slope = coef(slope), se = sqrt(vcov(slope)[1, 1])), "recalibration_slope.csv", row.names = FALSE)
write.csv(data.frame(name = names(coef(old)), coef = coef(old), vcov(old)), "recalibration_old_model.csv", row.names = FALSE)
