# Rubin's rules, the Nelson-Aalen estimate, and Cox models of imputed data. Run in this folder: Rscript imputation_reference.R
# R 4.2.2, mice 3.15.0, survival 3.5-3.
suppressMessages({library(survival); library(mice)})
options(digits = 15)
w <- function(x, f) write.csv(x, paste0("imputation_", f, ".csv"), row.names = FALSE)
q <- c(0.51, 0.62, 0.44, 0.58, 0.55); u <- c(0.031, 0.028, 0.035, 0.03, 0.029)
one <- function(n, k) { r <- pool.scalar(q, u, n = n, k = k); data.frame(n, k, qbar = r$qbar, t = r$t, df = r$df, fmi = r$fmi) }
w(rbind(one(Inf, 1), one(60, 4)), "rubin")
l <- read.csv("lung.csv"); f <- survfit(Surv(time, event) ~ 1, l); l$na <- f$cumhaz[match(l$time, f$time)]
w(data.frame(hazard = l$na), "nelson_aalen")
l <- l[!is.na(l$ph.ecog), ]
l$ecog <- factor(pmin(l$ph.ecog, 2)); l$ecog[seq(1, nrow(l), by = 6)] <- NA; l$sex <- factor(l$sex); l$sex[seq(3, nrow(l), by = 7)] <- NA
d <- l[c("age", "sex", "ecog", "pat.karno", "meal.cal", "wt.loss", "event", "na")]; d$time <- l$time
pred <- quickpred(d, mincor = 0); pred[] <- 1; diag(pred) <- 0; pred[, "time"] <- 0
imp <- mice(d, m = 100, predictorMatrix = pred, maxit = 10, seed = 1, printFlag = FALSE)
f <- summary(pool(with(imp, coxph(Surv(time, event) ~ age + sex + ecog + pat.karno + meal.cal + wt.loss))))
w(data.frame(term = f$term, estimate = f$estimate, se = f$std.error), "lung_cox")
w(data.frame(time = d$time, event = d$event, age = d$age, sex = as.integer(d$sex) - 1, ecog = as.integer(d$ecog) - 1, d[c("pat.karno", "meal.cal", "wt.loss")]), "lung_data")
