# Competing risks, restricted means, bands. Run in this folder: Rscript competing_reference.R
# R 4.2.2, survival 3.5-3, cmprsk 2.2-11, survRM2 1.0-4, km.ci 0.5-6.
suppressMessages({library(survival); library(cmprsk); library(survRM2); library(km.ci)})
options(digits = 15)
w <- function(x, f) write.csv(x, paste0(f, ".csv"), row.names = FALSE)
p <- read.csv("pbc.csv"); p$kind <- factor(p$status, 0:2); p$years <- ceiling(p$time / 365.25)
curve <- function(name, time) {
  p$used <- time; s <- summary(survfit(Surv(used, kind) ~ 1, p, conf.type = "log-log"), times = if (name == "days") c(200, 1000, 2500, 4000) else c(2, 5, 9))
  do.call(rbind, lapply(1:2, function(k) data.frame(data = name, cause = k, time = s$time, incidence = s$pstate[, k + 1], se = s$std.err[, k + 1],
                                                   lower = s$lower[, k + 1], upper = s$upper[, k + 1])))
}
w(rbind(curve("days", p$time), curve("years", p$years)), "cumulative_incidence")
g <- cut(p$bili, c(0, 1, 3, 100), labels = FALSE)
test <- function(name, time, group) { t <- cuminc(time, p$status, group)$Tests; data.frame(data = name, cause = 1:2, stat = t[, "stat"], p = t[, "pv"], df = t[, "df"]) }
w(rbind(test("days, trt", p$time, p$trt), test("days, bili", p$time, g), test("years, bili", p$years, g), test("days, stage", p$time, p$stage >= 4)), "gray_test")
v <- read.csv("veteran.csv"); l <- read.csv("lung.csv")
r <- function(name, d, arm, tau) {
  f <- rmst2(d$time, d$event, arm, tau = tau); a <- f$RMST.arm1$rmst; b <- f$RMST.arm0$rmst; u <- f$unadjusted.result[1, ]
  data.frame(data = name, tau = tau, mean1 = a[1], se1 = a[2], lower1 = a[3], mean0 = b[1], se0 = b[2], difference = u[1], lower = u[2], upper = u[3], p = u[4])
}
w(rbind(r("veteran", v, +(v$trt == 2), 365), r("lung", l, +(l$sex == 2), 500), r("lung", l, +(l$sex == 2), 180)), "restricted_mean")
km <- survfit(Surv(time, event) ~ 1, l); lin <- function(m, tl, tu) {
  b <- km.ci(km, conf.level = 0.95, tl = tl, tu = tu, method = m); data.frame(method = m, time = b$time, lower = b$lower, upper = b$upper)
}
w(do.call(rbind, lapply(c("loghall", "logep", "hall-wellner", "epband"), lin, tl = 30, tu = 600)), "km_bands")
