# Firth's penalized Cox models. Run in this folder: Rscript firth_reference.R
# R 4.2.2, coxphf 1.13.4.
suppressMessages({library(survival); library(coxphf)})
options(digits = 15)
v <- read.csv("veteran.csv"); l <- read.csv("lung.csv"); l <- l[complete.cases(l[c("inst", "age", "sex", "ph.ecog")]), ]
few <- head(l[order(l$inst, l$time), ], 40); few$none <- +(few$event == 0 & few$time > 300)  # a group without an event
out <- function(name, f) data.frame(model = name, term = names(f$coefficients), coef = f$coefficients, se = sqrt(diag(f$var)), lower = f$ci.lower,
                                    upper = f$ci.upper, p = f$prob, loglik = f$loglik[2], null = f$loglik[1])
fit <- function(formula, data) coxphf(formula, data, epsilon = 1e-8, gconv = 1e-6, maxit = 500, maxhs = 10)
write.csv(rbind(out("veteran", fit(Surv(time, event) ~ karno + age + squamous + smallcell + adeno, v)),
                out("separated", fit(Surv(time, event) ~ age + none, few))), "firth.csv", row.names = FALSE)
write.csv(few[c("time", "event", "age", "none")], "firth_data.csv", row.names = FALSE)
