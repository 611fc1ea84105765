"""What a score goes along with: genes, gene sets, survival by genes, purity, immune cells, tissue, clusters.

Inputs: ``identifiers`` (barcodes, genes), ``groups`` (who is compared), ``samples`` (columns matched with patients),
``expression_matrix``, ``gene_sets``, ``design``, ``options``. Methods, one file each: ``normalization``, ``voom``,
``differential_expression``; ``enrichment_scores``, ``competitive_tests``, ``gene_set_enrichment``;
``over_representation``. Results: ``jobs`` has a file a job (options, run, its part of folder and page), ``section``
what a job gives, ``page`` and ``folder`` what is written, ``registry`` the jobs by name.

May import: errors, notices, sentences, files, settings_files, resources, step_options, tables, statistics, model,
plots, report.
"""
