# Numbers of R on the data sets of its own package survival. Run in this folder: Rscript survival_data_reference.R
# R 4.2.2, survival 3.5-3, rms 6.5-0, glmnet 4.1-6, riskRegression 2022.11.28.
suppressMessages({library(survival); library(rms); library(glmnet); library(riskRegression)})
options(digits = 15)
w <- function(x, f) write.csv(x, paste0(f, ".csv"), row.names = FALSE)
tight <- function(formula, data, ...) do.call(coxph, list(formula, data, eps = 1e-12, toler.chol = 1e-14, iter.max = 50, ...))
risk_at <- function(fit, data, t) c(1 - summary(survfit(fit, newdata = data), times = t)$surv)

# The data sets themselves
w(data.frame(time = ovarian$futime, event = ovarian$fustat, ovarian[c("age", "resid.ds", "rx", "ecog.ps")]), "ovarian")
v <- data.frame(time = veteran$time, event = veteran$status, squamous = +(veteran$celltype == "squamous"),
                smallcell = +(veteran$celltype == "smallcell"), adeno = +(veteran$celltype == "adeno"),
                veteran[c("trt", "karno", "diagtime", "age", "prior")])
w(v, "veteran")
l <- with(lung, data.frame(time, event = status - 1, inst, age, sex, ph.ecog, ph.karno, pat.karno, meal.cal, wt.loss))
w(l, "lung")
p <- with(subset(pbc, !is.na(trt)), data.frame(time, status, event = +(status == 2), trt, age, female = +(sex == "f"), ascites,
                                             hepato, edema, bili, albumin, alk.phos, ast, protime, stage))
w(p, "pbc")
l <- l[complete.cases(l[c("inst", "age", "sex", "ph.ecog")]), ]

# Smooth calibration where rcs has rules of its own: few patients, and risks that many patients share
smooth <- function(time, event, risk, t, k) {
  d <- data.frame(time, event, x = log(-log(1 - risk)))
  assign("knots_asked", k, envir = globalenv())
  f <- tight(Surv(time, event) ~ rcs(x, knots_asked), d)
  e <- abs(1 - summary(survfit(f, newdata = d), times = t)$surv[1, ] - risk)
  slope <- tight(Surv(time, event) ~ x, d)
  data.frame(n = nrow(d), horizon = t, knots = k, ici = mean(e), e50 = median(e), e90 = quantile(e, 0.9),
             slope = coef(slope), se = sqrt(vcov(slope)[1, 1]))
}
o <- data.frame(time = ovarian$futime, event = ovarian$fustat, ovarian[c("age", "rx")])
few <- head(v, 80); tied <- l; tied$age <- pmax(tied$age, 50)
risks <- list(ovarian = risk_at(tight(Surv(time, event) ~ age + rx, o), o, 450),
              veteran80 = risk_at(tight(Surv(time, event) ~ karno + age, few), few, 90),
              lung_floor = risk_at(tight(Surv(time, event) ~ age, tied), tied, 365),
              pbc = risk_at(tight(Surv(time, event) ~ bili + edema + protime, p), p, 3000))
w(do.call(rbind, lapply(names(risks), function(n) data.frame(data = n, risk = risks[[n]]))), "calibration_risks")
w(cbind(data = c("ovarian", "veteran80", "veteran80", "lung_floor", "pbc"), rbind(
  smooth(o$time, o$event, risks$ovarian, 450, 3), smooth(few$time, few$event, risks$veteran80, 90, 3),
  smooth(few$time, few$event, risks$veteran80, 90, 5), smooth(tied$time, tied$event, risks$lung_floor, 365, 3),
  smooth(p$time, p$event, risks$pbc, 3000, 3))), "calibration_smooth")

# Harrell's C up to an event time; one truncated at the same time as ROC and Brier score, which count its event
at <- sort(l$time[l$event == 1])[80]
k <- lapply(c(at, at + 0.5), function(t) concordance(Surv(time, event) ~ age, l, reverse = TRUE, ymax = t))
w(data.frame(tau = c(at, at + 0.5), c = sapply(k, coef), se = sqrt(sapply(k, vcov))), "concordance_ymax")
s <- Score(list(age = matrix(l$age, ncol = 1)), Surv(time, event) ~ 1, l, times = at, metrics = "AUC", se.fit = TRUE)
year <- transform(l, time = ceiling(time / 100))
lp <- predict(tight(Surv(time, event) ~ age + sex, year)); r <- risk_at(tight(Surv(time, event) ~ age + sex, year), year, 4)
b <- Score(list(m = matrix(r, ncol = 1)), Surv(time, event) ~ 1, year, times = 4, metrics = c("AUC", "Brier"), se.fit = TRUE)
w(data.frame(case = c("day", "year"), horizon = c(at, 4), auc = c(s$AUC$score$AUC, b$AUC$score$AUC), auc_se = c(s$AUC$score$se, b$AUC$score$se),
             brier = c(NA, b$Brier$score$Brier[2]), reference = c(NA, b$Brier$score$Brier[1])), "event_at_horizon")
w(data.frame(risk = r), "event_at_horizon_risk")

# Likelihood-ratio tests of nested models
small <- tight(Surv(time, event) ~ age, l); large <- tight(Surv(time, event) ~ age + sex + ph.ecog, l)
a <- anova(small, large); w(data.frame(chisq = a$Chisq[2], df = a$Df[2], p = a[2, 4]), "likelihood_ratio")

# Kaplan-Meier before the first event
d <- data.frame(time = 1:6, event = c(0, 0, 1, 0, 1, 1))
w(do.call(rbind, lapply(c("log-log", "log", "plain"), function(type) {
  f <- survfit(Surv(time, event) ~ 1, d, conf.type = type); data.frame(limits = type, time = f$time, surv = f$surv, lower = f$lower, upper = f$upper)
})), "km_before_first_event")

# Times equal up to rounding
d <- data.frame(time = c(0.1 + 0.2, 0.3, 0.5, 0.7, 0.3, 1, 1.2, 0.9, 1.1 + 2.2, 3.3), event = c(1, 0, 1, 1, 1, 0, 1, 1, 1, 0),
                x = c(1, 3, 2, 5, 4, 2, 1, 3, 0, 2))
f <- tight(Surv(time, event) ~ x, d); km <- survfit(Surv(time, event) ~ 1, d); high <- d$x > 2
w(data.frame(coef = coef(f), se = sqrt(vcov(f)[1, 1]), chisq = survdiff(Surv(time, event) ~ high, d)$chisq,
             c = coef(concordance(Surv(time, event) ~ x, d, reverse = TRUE)), km_03 = summary(km, times = 0.3)$surv, times = length(km$time)), "timefix")

# Cross-validation with a fold that has no event
x <- as.matrix(v[-(1:2)]); fold <- rep(1:6, length.out = nrow(v)); fold[fold == 6 & v$event == 1] <- 5
cv <- cv.glmnet(x, Surv(v$time, v$event), family = "cox", foldid = fold, thresh = 1e-20, maxit = 1e8, grouped = TRUE)
w(data.frame(lambda = cv$lambda, cvm = cv$cvm, cvsd = cv$cvsd, min = cv$lambda.min, se1 = cv$lambda.1se), "lasso_fold_without_event")
w(data.frame(fold = fold), "lasso_fold_without_event_folds")

# What two packages make of tied times: glmnet's largest penalty by the order of the rows, timeROC's standard error
# (glmnet moves censored times by 100 machine epsilons, which times of hundreds of days swallow)
l <- as.data.frame(l); x <- as.matrix(l[c("age", "sex", "ph.ecog")]); months2 <- ceiling(l$time / 60); rows <- list(file = seq_len(nrow(l)), reversed = rev(seq_len(nrow(l))))
first <- function(unit) sapply(rows, function(i) glmnet(x[i, ], Surv(unit * months2, l$event)[i], family = "cox")$lambda[1])
w(data.frame(order = names(rows), days = first(60), sixties = first(1)), "glmnet_row_order")
suppressMessages(library(timeROC))
g <- read.csv("gbsg2.csv"); lp <- read.csv("gbsg2_lp.csv")$lp; months <- ceiling(g$time / 30.4375)
s <- timeROC(months, g$event, lp, cause = 1, times = c(36.5, 60.5), iid = TRUE)
w(data.frame(horizon = s$times, auc = s$AUC, se = s$inference$vect_sd_1), "timeROC_whole_months")

# Strata, late entry and weights. Late entry: those of lung enter after a tenth of their follow-up, some later
l$entry <- ifelse(seq_len(nrow(l)) %% 3 == 0, floor(l$time / 3), floor(l$time / 10)); l$w <- 0.5 + (seq_len(nrow(l)) %% 5) / 4
l$month <- ceiling(l$time / 30); l$month_in <- floor(l$entry / 30); l$w2 <- 1 + (seq_len(nrow(l)) %% 3)
models <- list(
  entry = Surv(entry, time, event) ~ age + sex, strata = Surv(time, event) ~ age + sex + strata(ph.ecog > 0),
  tied_entry_strata = Surv(month_in, month, event) ~ age + sex + strata(ph.ecog > 0))
out <- function(name, ties, f) {
  s <- summary(f)$coefficients; se <- if ("robust se" %in% colnames(s)) s[, "robust se"] else s[, "se(coef)"]
  data.frame(model = name, ties = ties, coef = s[, 1], se = se, p = s[, ncol(s)], loglik = f$loglik[2], null = f$loglik[1])
}
rows <- NULL; curves <- NULL
for (ties in c("efron", "breslow")) {
  for (name in names(models)) {
    f <- tight(models[[name]], l, ties = ties); rows <- rbind(rows, out(name, ties, f))
    k <- survfit(f, newdata = data.frame(age = 60, sex = 1, ph.ecog = 1), conf.type = "log-log")
    k <- if (name == "entry") summary(k, times = c(200, 500)) else summary(k, times = if (name == "strata") c(200, 500) else c(8, 16))
    curves <- rbind(curves, data.frame(model = name, ties = ties, stratum = if (is.null(k$strata)) "all" else as.character(k$strata), time = k$time, surv = as.vector(k$surv), lower = as.vector(k$lower), upper = as.vector(k$upper)))
  }
  for (w_name in c("w", "w2")) for (name in c("strata", "tied_entry_strata")) {
    f <- do.call(coxph, list(models[[name]], l, weights = l[[w_name]], ties = ties, eps = 1e-12, toler.chol = 1e-14, iter.max = 50, robust = TRUE, id = seq_len(nrow(l))))
    rows <- rbind(rows, out(paste(name, w_name), ties, f))
  }
}
w(rows, "cox_extended"); w(curves, "cox_extended_survival")
w(l[c("entry", "month_in", "month", "w", "w2")], "cox_extended_data")

# Kaplan-Meier with late entry and with weights (robust as R has it for weights that are not whole), stratified log-rank test
km <- function(name, f) data.frame(curve = name, time = f$time, risk = f$n.risk, surv = f$surv, se = f$std.err * if (f$logse) f$surv else 1,
                                   lower = f$lower, upper = f$upper)
at <- function(f) { k <- summary(f, times = c(60, 200, 400, 700), extend = TRUE); k$logse <- FALSE; k }
w(rbind(km("entry", at(survfit(Surv(entry, time, event) ~ 1, l, conf.type = "log-log"))),
        km("whole", at(survfit(Surv(time, event) ~ 1, l, weights = w2, conf.type = "log-log", robust = FALSE))),
        km("weights", at(survfit(Surv(time, event) ~ 1, l, weights = w, conf.type = "log-log", robust = TRUE, id = seq_len(nrow(l))))),
        km("entry weights", at(survfit(Surv(entry, time, event) ~ 1, l, weights = w, conf.type = "log-log", robust = TRUE, id = seq_len(nrow(l)))))), "km_extended")
s <- survdiff(Surv(time, event) ~ ph.ecog + strata(sex), l)
w(data.frame(group = 0:3, observed = rowSums(s$obs), expected = rowSums(s$exp), chisq = s$chisq), "logrank_stratified")

# Elastic net, and a cross-validation repeated over three divisions
x <- as.matrix(v[-(1:2)]); y <- Surv(v$time, v$event)
divisions <- sapply(1:3, function(k) (seq_len(nrow(v)) * c(7, 11, 13)[k]) %% 31 %% 5 + 1)
nets <- lapply(c(0.5, 0.1), function(a) cv.glmnet(x, y, family = "cox", alpha = a, foldid = divisions[, 1], thresh = 1e-20, maxit = 1e8, grouped = TRUE))
w(do.call(rbind, lapply(seq_along(nets), function(i) data.frame(share = c(0.5, 0.1)[i], lambda = nets[[i]]$lambda, nzero = nets[[i]]$nzero,
                                                                cvm = nets[[i]]$cvm, cvsd = nets[[i]]$cvsd))), "elastic_net_cv")
w(do.call(cbind, lapply(nets, function(n) as.numeric(coef(n, s = "lambda.min")))), "elastic_net_coef")
many <- lapply(1:3, function(k) cv.glmnet(x, y, family = "cox", foldid = divisions[, k], thresh = 1e-20, maxit = 1e8, grouped = TRUE))
w(data.frame(lambda = many[[1]]$lambda, cvm = rowMeans(sapply(many, `[[`, "cvm")), cvsd = rowMeans(sapply(many, `[[`, "cvsd"))), "lasso_repeated_cv")
w(divisions, "lasso_divisions")
