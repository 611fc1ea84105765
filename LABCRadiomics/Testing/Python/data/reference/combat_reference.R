# ComBat of three made-up sites on real expression features. Run in this folder: Rscript combat_reference.R
# R 4.2.2, sva 3.46.0.
suppressMessages(library(sva))
options(digits = 15)
b <- read.csv("transbig.csv")[1:48, ]
x <- as.matrix(b[grep("^X", names(b))[1:10]])
site <- rep(c("A", "B", "C"), times = c(24, 14, 10))
x[site == "B", ] <- 1.3 * x[site == "B", ] + 0.8; x[site == "C", ] <- 0.7 * x[site == "C", ] - 0.4
x[site == "C", 4] <- 2  # constant within a site
age <- b$age / 10; er <- +(b$er == "positive")
w <- function(x, f) write.csv(x, paste0("combat_", f, ".csv"), row.names = FALSE)
run <- function(...) suppressMessages(t(ComBat(t(x), ...)))
w(data.frame(site, age, er, x), "data")
lone <- site; lone[48] <- "D"
w(rbind(data.frame(call = "plain", run(site)), data.frame(call = "covariates", run(site, mod = cbind(age, er))),
        data.frame(call = "reference", run(site, mod = cbind(age), ref.batch = "B")),
        data.frame(call = "one patient", run(lone))), "adjusted")
