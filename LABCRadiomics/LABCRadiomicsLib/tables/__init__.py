"""CSV tables as people save them, checked cell by cell.

``csv_table`` reads and writes any table; ``cohort`` the tables of a cohort: features, outcomes, covariates, folds,
agreement; ``report_folder`` writes the tables of a report with its ``report.json``.

May import: errors, notices, sentences, files, feature_names, cell_values.
"""
