"""CSV tables as people save them, checked cell by cell.

``csv_table`` reads and writes any table; ``cohort`` the tables of a cohort: features, outcomes, covariates, folds,
agreement.

May import: errors, notices, files, feature_names.
"""
