# Accuracy of a cutoff at a horizon, and p values of a chosen cutoff. Run in this folder: Rscript cutoff_reference.R
# R 4.2.2, timeROC 0.4.1, maxstat 0.7-25, survival 3.5-3.
suppressMessages({library(survival); library(timeROC); library(maxstat)})
options(digits = 15)
w <- function(x, f) write.csv(x, paste0("cutoff_", f, ".csv"), row.names = FALSE)
g <- read.csv("gbsg2.csv"); lp <- read.csv("gbsg2_lp.csv")$lp; m <- g$time / 30.4375 + (1:686) * 1e-5  # without ties, which timeROC takes one by one
one <- function(cut, t) {
  s <- SeSpPPVNPV(cut, m, g$event, lp, cause = 1, times = t, iid = TRUE); i <- s$inference
  data.frame(cutoff = cut, horizon = t, sensitivity = s$TP[2], specificity = 1 - s$FP[2], ppv = s$PPV[2], npv = s$NPV[2],
             se_sensitivity = i$vect_se_Se[2], se_specificity = i$vect_se_Sp1[2], se_ppv = i$vect_se_PPV[2], se_npv = i$vect_se_NPV1[2])
}
w(rbind(one(0, 60), one(0.5, 36), one(-0.4, 24)), "accuracy")
v <- read.csv("veteran.csv"); o <- read.csv("ovarian.csv"); b <- read.csv("transbig.csv"); b$score <- read.csv("transbig_score.csv")$score
run <- function(name, d, x, lo, hi, scale = 1) {
  p <- function(k, ...) maxstat.test(as.formula(paste("Surv(time, event) ~", x)), d, smethod = "LogRank", pmethod = k, minprop = lo, maxprop = hi, ...)
  r <- p("Lau92"); set.seed(1)
  data.frame(data = name, marker = x, least = lo, most = hi, statistic = r$statistic, cutoff = r$estimate, lausen92 = r$p.value,
             lausen94 = p("Lau94")$p.value, gauss = p("exactGauss", abseps = 1e-6, maxpts = 1e6)$p.value, permutation = p("condMC", B = 100000)$p.value)
}
w(rbind(run("veteran", v, "karno", 0.1, 0.9), run("veteran", v, "age", 0.1, 0.9), run("veteran", v, "diagtime", 0.2, 0.8),
        run("ovarian", o, "age", 0.1, 0.9), run("transbig", b, "size", 0.1, 0.9)), "maxstat")
