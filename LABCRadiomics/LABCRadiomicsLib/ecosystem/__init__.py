"""The library from Python, beside the packages its users know: pandas, scikit-learn, scikit-survival, lifelines.

``data_frames`` takes and gives pandas DataFrames, ``estimator`` is the score in scikit-learn's manner,
``lifelines_models`` exchanges nomograms with lifelines. None of these packages is needed by anything else; each is
imported when a function that needs it is called.

May import: errors, resources, tables, statistics, model, features, scoring, cohort, performance, validation, training.
"""
