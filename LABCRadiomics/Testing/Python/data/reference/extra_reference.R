# Numbers of R that the shared reference tables lack. Run in this folder: Rscript extra_reference.R
# R 4.2.2, survival 3.5-3, glmnet 4.1-6, rms 6.5-0, psych 2.2.9.
suppressMessages({library(survival); library(glmnet); library(rms); library(psych)})
options(digits = 15)
w <- function(x, f) write.csv(x, paste0("extra_", f, ".csv"), row.names = FALSE)
g <- read.csv("gbsg2.csv"); g$months <- g$time / 30.4375
g$horTh1 <- as.integer(g$horTh == "yes")
g$rounded <- ceiling(g$months)  # heavily tied times

# Univariable Cox with heavy ties
vars <- c("age", "estrec", "progrec", "pnodes", "tsize", "horTh1")
one <- function(v, ties) {
  f <- coxph(as.formula(paste("Surv(rounded, event) ~", v)), g, ties = ties, eps = 1e-12, toler.chol = 1e-14, iter.max = 50)
  data.frame(ties = ties, feature = v, coef = coef(f), se = sqrt(vcov(f)[1, 1]), loglik = f$loglik[2])
}
w(do.call(rbind, lapply(c("efron", "breslow"), function(t) do.call(rbind, lapply(vars, one, ties = t)))), "tied_cox")

# Multivariable Cox, Breslow ties, and one patient's survival with three kinds of limits
f <- coxph(Surv(rounded, event) ~ age + horTh1 + tsize + pnodes + progrec, g, ties = "breslow", eps = 1e-12, toler.chol = 1e-14)
s <- summary(f)$coefficients
w(data.frame(feature = rownames(s), coef = s[, 1], se = s[, 3], p = s[, 5]), "breslow_cox")
new <- data.frame(age = 50, horTh1 = 1, tsize = 25, pnodes = 3, progrec = 50)
w(do.call(rbind, lapply(c("log-log", "log", "plain"), function(k) {
  a <- summary(survfit(f, newdata = new, conf.type = k), times = c(12, 36, 60))
  data.frame(limits = k, months = a$time, surv = a$surv, se = a$std.err, lower = a$lower, upper = a$upper)
})), "breslow_survival")
z <- cox.zph(f)$table
w(data.frame(term = rownames(z), chisq = z[, 1], p = z[, 3]), "breslow_zph")

# Concordance with ties in marker and time; difference of two models on the same patients
w(do.call(rbind, lapply(c("tsize", "pnodes", "age"), function(v) {
  k <- concordance(as.formula(paste("Surv(rounded, event) ~", v)), g, reverse = TRUE)
  data.frame(marker = v, c = k$concordance, se = sqrt(k$var), concordant = k$count[1], discordant = k$count[2], tied = k$count[3])
})), "tied_concordance")
f0 <- coxph(Surv(months, event) ~ age + horTh1, g); f1 <- coxph(Surv(months, event) ~ age + horTh1 + pnodes + progrec + tsize, g)
k <- concordance(f1, f0); d <- c(1, -1)
w(data.frame(c1 = k$concordance[1], c0 = k$concordance[2], difference = sum(d * k$concordance), se = sqrt(drop(d %*% k$var %*% d))), "concordance_difference")

# Log-rank of three groups; Kaplan-Meier medians where the curve is flat at one half
l <- survdiff(Surv(months, event) ~ tgrade, g)
w(data.frame(group = c("I", "II", "III"), n = as.integer(l$n), observed = l$obs, expected = l$exp, chisq = l$chisq), "logrank_3")
m <- function(t, e) { a <- summary(survfit(Surv(t, e) ~ 1, conf.type = "log-log"))$table; a[c("median", "0.95LCL", "0.95UCL")] }
w(rbind(m(1:4, c(1, 1, 1, 1)), m(1:4, c(1, 1, 0, 0)), m(1:8, c(1, 0, 1, 1, 0, 1, 1, 0))), "medians")

# Calibration slope and smooth calibration curve of the 60-month risks
r <- read.csv("gbsg2_risks_60m.csv"); x <- log(-log(1 - r$p_full))
a <- coxph(Surv(r$months, r$event) ~ x, eps = 1e-12, toler.chol = 1e-14)
smooth <- coxph(Surv(months, event) ~ rcs(x, 3), data.frame(months = r$months, event = r$event, x = x), eps = 1e-12, toler.chol = 1e-14)
o <- 1 - summary(survfit(smooth, newdata = data.frame(x = x)), times = 60)$surv[1, ]
e <- abs(o - r$p_full); q <- summary(survfit(Surv(months, event) ~ 1, r), times = 60)
w(data.frame(slope = coef(a), se = sqrt(vcov(a)[1, 1]), ici = mean(e), e50 = median(e), e90 = quantile(e, 0.9), oe = (1 - q$surv) / mean(r$p_full)), "calibration")

# Tables of baseline characteristics
two <- table(g$horTh, g$menostat); three <- table(g$tgrade, g$menostat); tt <- t.test(age ~ horTh, g); te <- t.test(age ~ horTh, g, var.equal = TRUE)
w(data.frame(test = c("chisq2", "chisq3", "fisher", "welch", "student"),
             statistic = c(chisq.test(two)$statistic, chisq.test(three)$statistic, NA, tt$statistic, te$statistic),
             p = c(chisq.test(two)$p.value, chisq.test(three)$p.value, fisher.test(two)$p.value, tt$p.value, te$p.value)), "baseline")
u <- read.csv("transbig_univariable_cox.csv"); w(data.frame(feature = u$feature, adjusted = p.adjust(u$p, "BH")), "bh")

# ICC of twenty patients and two readers
i <- 1:20; rd <- cbind(first = round(10 + 3 * sin(i) + 0.1 * i, 4), second = round(10 + 3 * sin(i + 0.2) + 0.1 * i + 0.5 * cos(7 * i), 4))
w(rd, "icc_ratings"); w(ICC(rd, lmer = FALSE)$results, "icc")

# LASSO solved far beyond glmnet's usual threshold: (a) the shared folds, (b) more features than patients, tied times
b <- read.csv("transbig.csv"); b$months <- b$time / 30.4375; fold <- read.csv("transbig_foldid.csv")$fold
lasso <- function(X, Y, fold, thresh, name, ...) {
  cv <- cv.glmnet(X, Y, family = "cox", foldid = fold, type.measure = "deviance", grouped = TRUE, thresh = thresh, maxit = 1e8, ...)
  w(data.frame(lambda = cv$lambda, cvm = cv$cvm, cvsd = cv$cvsd, nzero = cv$nzero), paste0(name, "_cv"))
  w(data.frame(feature = colnames(X), min = as.numeric(coef(cv, s = "lambda.min")), se1 = as.numeric(coef(cv, s = "lambda.1se"))), paste0(name, "_coef"))
}
sel <- read.csv("transbig_coef_lambda.min.csv")$feature
lasso(as.matrix(b[, sel]), Surv(b$months, b$event), fold, 1e-20, "lasso")
few <- b[seq(1, 198, by = 5), ]; X <- as.matrix(few[, grep("^X", names(b))[1:45]])
few_fold <- rep(1:3, length.out = nrow(few))[order(order(few$event, few$time))]
lasso(X, Surv(ceiling(few$months / 6), few$event), few_fold, 1e-20, "lasso_wide", nlambda = 30)
w(data.frame(fold = few_fold), "lasso_wide_fold")
