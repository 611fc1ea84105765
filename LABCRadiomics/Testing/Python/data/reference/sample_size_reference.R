# Riley's criteria as the packages of their authors compute them. Run in this folder: Rscript sample_size_reference.R
# R 4.2.2, pmsampsize 1.1.3, pmvalsampsize 0.1.0.
library(pmsampsize); library(pmvalsampsize)
w <- function(x, f) write.csv(x, paste0("sample_size_", f, ".csv"), row.names = FALSE)
develop <- function(parameters, rate, followup, horizon, r2, shrinkage) {
  r <- pmsampsize(type = "s", csrsquared = r2, parameters = parameters, rate = rate, timepoint = horizon, meanfup = followup,
                  shrinkage = shrinkage)
  data.frame(parameters, rate, followup, horizon, r2, shrinkage, n1 = r$results_table[1, 1], n2 = r$results_table[2, 1],
             max_r2 = r$max_r2a, n = r$sample_size, events = r$events, risk = r$int_cuminc, lower = r$int_lci, upper = r$int_uci)
}
w(rbind(develop(30, 0.065, 2.07, 2, 0.051, 0.9), develop(616, 0.005, 52, 60, 0.1, 0.9), develop(15, 0.0045, 48, 60, 0.15, 0.85)), "develop")
validate <- function(risk, c, oe, slope, cwidth, ...) {
  lp <- list(...)$lpnormal; if (is.null(lp)) lp <- c(NA, NA)
  r <- suppressMessages(pmvalsampsize(type = "b", prevalence = risk, cstatistic = c, oeciwidth = oe, csciwidth = slope, cstatciwidth = cwidth,
                                      threshold = 0.3, ...))$results_table
  data.frame(risk, c, oe, slope, cwidth, mean = lp[1], sd = lp[2], n_oe = r[1, 1], n_slope = r[2, 1], n_c = r[3, 1], n_benefit = r[4, 1])
}
w(rbind(validate(0.018, 0.8, 1, 0.2, 0.1, lpnormal = c(-5, 2.5)), validate(0.25, 0.75, 0.2, 0.3, 0.1, lpnormal = c(-1.3, 1)),
        validate(0.25, 0.75, 0.2, 0.2, 0.08, lpcstat = -1.33, increment = 0.002)), "validate")
