"""Matrices, groups and sets as people have them, and what is said about them when they cannot be used."""

import gzip

import numpy as np
import pytest

from association_examples import barcodes, counts, two_groups, write_groups, write_matrix
from LABCRadiomicsLib.associations.differential_expression import Method, compare_expression
from LABCRadiomicsLib.associations.expression_matrix import kind_of_values, read_expression
from LABCRadiomicsLib.associations.gene_set_enrichment import enrich_sets, read_ranking
from LABCRadiomicsLib.associations.gene_sets import read_gene_sets
from LABCRadiomicsLib.associations.groups import find_contrast, read_groups, read_scores
from LABCRadiomicsLib.associations.identifiers import Barcode, parse_barcode
from LABCRadiomicsLib.associations.samples import match_samples
from LABCRadiomicsLib.errors import CohortError, InputError
from LABCRadiomicsLib.tables.number_table import NumberTable


def codes(notices):
    return {notice.code for notice in notices}


@pytest.mark.parametrize(
    ("text", "case", "kind"),
    [
        ("TCGA-A1-A0SK", "TCGA-A1-A0SK", ""),
        ("TCGA.A1.A0SK.01A.11R.A084.07", "TCGA-A1-A0SK", "01"),
        ("tcga-a1-a0sk-11", "TCGA-A1-A0SK", "11"),
        ("TCGA-A1-A0SK-06A-11R", "TCGA-A1-A0SK", "06"),
        ("patient 7", "patient 7", ""),
    ],
)
def test_barcodes(text, case, kind):
    assert parse_barcode(text) == Barcode(case, kind)


def test_gene_names_are_cleaned_and_one_row_a_gene_is_kept(tmp_path):
    genes = ["ENSG00000000003.15", "ENSG00000002586.20_PAR_Y", "?|100133144", "TP53|7157", "TP53", "N_unmapped", "A1BG"]
    values = np.arange(7.0)[:, None] * 10 + np.arange(4)
    matrix = read_expression(write_matrix(tmp_path / "m.tsv", values, barcodes(4), genes))
    assert matrix.genes == ("ENSG00000000003", "TP53", "A1BG")
    assert matrix.values[1].tolist() == values[4].tolist()  # the row of larger mean
    assert codes(matrix.notices) >= {"gene-versions", "gene-par-y", "gene-unnamed", "gene-repeated", "gene-statistics"}
    assert matrix.rows_read == 7


def layout_rows(layout: str, samples: list[str], genes: list[str], values: np.ndarray) -> list[str]:
    """One matrix as each archive writes it."""
    joined = "\t".join(samples)
    body = [(gene, "\t".join(map(str, row))) for gene, row in zip(genes, values, strict=True)]
    return {
        "xena": [f"sample\t{joined}", *(f"{gene}\t{row}" for gene, row in body)],
        "gdc": ["# gene-model: GENCODE v36", f"gene_id\tgene_name\tgene_type\t{joined}",
                *(f"ENSG0000000000{at}.1\t{gene}\tprotein_coding\t{row}" for at, (gene, row) in enumerate(body))],
        "cbioportal": [f"Hugo_Symbol\tEntrez_Gene_Id\t{joined}", *(f"{gene}\t7157\t{row}" for gene, row in body)],
        "firehose": [f"Hybridization REF\t{joined}", "gene_id\tnormalized_count\tnormalized_count",
                     *(f"{gene}|7157\t{row}" for gene, row in body)],
        "gct": ["#1.2", "2\t2", f"NAME\tDescription\t{joined}", *(f"{gene}\tna\t{row}" for gene, row in body)],
        "r": ["\t".join(f'"{sample}"' for sample in samples), *(f'"{gene}"\t{row}' for gene, row in body)],
        "semicolon": [f"gene;{joined}".replace("\t", ";"),
                      *(f"{gene};{row}".replace("\t", ";").replace(".", ",") for gene, row in body)],
    }[layout]  # fmt: skip


@pytest.mark.parametrize("layout", ["xena", "gdc", "cbioportal", "firehose", "gct", "r", "semicolon"])
def test_layouts_give_the_same_matrix(tmp_path, layout):
    samples, genes = ["TCGA-AA-0000-01", "TCGA-AA-0001-01"], ["TP53", "BRCA1"]
    values = np.array([[5.5, 1.25], [0.5, 2.0]])
    text = "\r\n".join(layout_rows(layout, samples, genes, values))
    (tmp_path / "matrix.txt").write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    matrix = read_expression(tmp_path / "matrix.txt")
    assert (matrix.genes, matrix.columns) == (tuple(genes), tuple(samples))
    assert np.array_equal(matrix.values, values)


def test_one_samples_star_counts_are_refused(tmp_path):
    header = "gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\ttpm_unstranded"
    (tmp_path / "one.tsv").write_text(
        f"# gene-model\n{header}\nENSG00000000003.15\tTSPAN6\tprotein_coding\t1\t1\t1\t1\n"
    )
    with pytest.raises(CohortError, match="one sample"):
        read_expression(tmp_path / "one.tsv")


def test_probe_map_gives_symbols(tmp_path):
    (tmp_path / "map").write_text(
        "id\tgene\tchrom\nENSG00000141510.11\tTP53\tchr17\nENSG00000012048.15\tBRCA1\tchr17\n"
    )
    matrix = write_matrix(
        tmp_path / "m.tsv.gz", np.ones((2, 2)), barcodes(2), ["ENSG00000141510.16", "ENSG00000012048.9"]
    )
    assert read_expression(matrix, tmp_path / "map").genes == ("TP53", "BRCA1")


def test_samples_are_matched_by_patient_and_kind():
    columns = [
        "TCGA-AA-0000-01A-11R",
        "TCGA-AA-0000-01B-12R",
        "TCGA.AA.0001.01",
        "TCGA-AA-0002-06",
        "TCGA-AA-0003-11",
        "x",
    ]
    grouping = two_groups(6)
    found = match_samples(columns, grouping, "m", thirds_of_table=True)
    assert found.cases == ("TCGA-AA-0000", "TCGA-AA-0001") and found.members == ((0, 1), (2,))
    assert codes(found.notices) == {"sample-kind", "normal-tissue", "case-not-measured", "case-without-group"}
    normal = match_samples(columns, grouping, "m", thirds_of_table=True, normals=True)
    assert normal.groups == ("high", "high", "normal")
    assert found.combined(np.array([[1.0, 2, 5, 0, 0, 0]]), total=True).tolist() == [[3, 5]]
    assert found.combined(np.array([[1.0, 2, 5, 0, 0, 0]]), total=False).tolist() == [[1.5, 5]]


def test_unmatched_names_are_shown():
    with pytest.raises(CohortError, match=r"P1.*TCGA-AA-0000"):
        match_samples(["P1", "P2"], two_groups(4), "m.tsv", thirds_of_table=True)


def test_a_matrix_on_its_side_is_told(tmp_path, run):
    genes = [f"G{at}" for at in range(40)]
    matrix = write_matrix(tmp_path / "m.tsv", counts(12, 40), genes, barcodes(12))
    code, _, said = run(
        "associate", "expression", matrix, "--groups", write_groups(tmp_path / "g.csv", 12), "--out", tmp_path / "o"
    )
    assert code == 2 and "transpose" in said


def test_only_the_samples_of_the_groups_are_read(tmp_path):
    values = counts(60, 20, seed=9)
    columns = [f"{case}-01A" for case in barcodes(18)] + ["TCGA-ZZ-0001-06A", "TCGA-ZZ-0002-11A"]
    path = write_matrix(tmp_path / "m.tsv", values, columns)
    whole, part = read_expression(path), read_expression(path, wanted=two_groups(12).wants)
    assert len(part.columns) == 12 and len(part.unread) == 8
    first, second = (compare_expression(matrix, two_groups(12)) for matrix in (whole, part))
    assert np.array_equal(first.p, second.p) and first.notices == second.notices


def test_thirds_of_64_are_21_22_21_and_ties_keep_their_order(tmp_path):
    rows = [f"{case},{at // 2}" for at, case in enumerate(barcodes(64))]
    (tmp_path / "s.csv").write_text("\n".join(["case,score", *rows]))
    labels = list(read_scores(tmp_path / "s.csv").labels.values())
    assert [labels.count(name) for name in ("low", "intermediate", "high")] == [21, 22, 21]
    assert labels[20:22] == ["low", "intermediate"]  # the two of score 10


def test_stored_cutoff_of_apply(tmp_path):
    (tmp_path / "s.csv").write_text("case,score,risk_group\nA,1,low\nB,2,high\nC,3,high\n")
    assert list(read_scores(tmp_path / "s.csv", "cutoff").labels.values()) == ["low", "high", "high"]
    assert list(read_scores(tmp_path / "s.csv", "cutoff", cutoff=2).labels.values()) == ["low", "low", "high"]
    (tmp_path / "plain.csv").write_text("case,score\nA,1\nB,2\n")
    with pytest.raises(CohortError, match="risk_group"):
        read_scores(tmp_path / "plain.csv", "cutoff")


def test_contrasts(tmp_path):
    path = tmp_path / "g.csv"
    assert (
        find_contrast("ER-positive-ER-negative", ["ER-negative", "ER-positive"], path).words
        == "ER-positive minus ER-negative"
    )
    assert find_contrast(None, ["low", "intermediate", "high"], path).words == "high minus low"
    assert find_contrast(None, ["ER_negative", "ER_positive"], path).words == "ER_positive minus ER_negative"
    assert find_contrast("low minus high", ["low", "high"], path).words == "low minus high"
    with pytest.raises(InputError, match="a, b, c"):
        find_contrast(None, ["a", "b", "c"], path)
    with pytest.raises(InputError, match="'high-normal'"):
        find_contrast("high-normal", ["high", "low"], path)


def test_a_patient_twice_in_the_groups_is_refused(tmp_path):
    (tmp_path / "g.csv").write_text("case,group\nTCGA-AA-0001,a\nTCGA.AA.0001.01A,b\n")
    with pytest.raises(CohortError, match="row 3, column case"):
        read_groups(tmp_path / "g.csv")


@pytest.mark.parametrize(
    ("change", "asked", "words"),
    [
        (lambda v: v - 10, "counts", "negative"),
        (
            lambda v: np.where(np.arange(v.size).reshape(v.shape) == 7, -3, v),
            None,
            "G1, sample TCGA-AA-0001: -3 is negative",
        ),
        (lambda v: np.log2(v + 1), "counts", "no counts"),
        (lambda v: v, "logs", "no base 2 logarithm"),
        (lambda v: v, "z-scores", "no z-scores"),
        (lambda v: v / v.sum(axis=0) * 1e6, "counts", "TPM"),
        (lambda v: np.where(v == v[3, 2], np.nan, v), "counts", "missing"),
        (lambda v: v * (np.arange(v.shape[1]) != 1), "counts", "all counts are zero"),
    ],
)
def test_values_that_are_not_what_is_said(tmp_path, change, asked, words):
    values = change(counts(50, 6))
    text = np.where(np.isnan(values), np.inf, values)
    path = write_matrix(tmp_path / "m.tsv", text, barcodes(6))
    path.write_text(path.read_text().replace("inf", "NA"))
    with pytest.raises(CohortError, match=words):
        kind_of_values(read_expression(path), asked)


def test_kinds_are_found_out(tmp_path):
    values = counts(50, 6)
    z = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
    for name, made in (("counts", values + 0.25), ("logs", np.log2(values + 1)), ("z-scores", z)):
        assert kind_of_values(read_expression(write_matrix(tmp_path / "m.tsv", made, barcodes(6)))) == name


def test_log_counts_of_xena_are_turned_back_into_counts(tmp_path):
    values = counts(300, 12, seed=4, changed=20)
    logs = np.log2(values + 1)
    plain = read_expression(write_matrix(tmp_path / "c.tsv", values, barcodes(12)))
    path = tmp_path / "l.tsv"
    rows = ["\t".join([f"G{at}", *(f"{value:.6f}" for value in row)]) for at, row in enumerate(logs)]
    path.write_text("\n".join(["\t".join(["Ensembl_ID", *barcodes(12)]), *rows]))
    first, second = (compare_expression(matrix, two_groups(12)) for matrix in (plain, read_expression(path)))
    assert (
        second.data == "counts" and "log-counts" in codes(second.notices) and "log-counts" not in codes(first.notices)
    )
    assert np.allclose(first.p, second.p, rtol=1e-6)
    kept = compare_expression(read_expression(path), two_groups(12), method=Method("logs"))
    assert kept.data == "logs" and "log-counts" in codes(kept.notices)
    other = write_matrix(tmp_path / "o.tsv", np.log2(values / values.sum(axis=0) * 1e5 + 1), barcodes(12))
    assert compare_expression(read_expression(other), two_groups(12)).data == "logs"


def test_aliquots_of_counts_are_added_as_one_sample(tmp_path):
    values = counts(300, 12, seed=3, changed=20)
    halves = np.floor(values / 2)
    columns = [f"{case}-01A" for case in barcodes(12)]
    both = np.column_stack([halves, values - halves])
    split = read_expression(write_matrix(tmp_path / "a.tsv", both, [*columns, *(f"{c[:-1]}B" for c in columns)]))
    whole = read_expression(write_matrix(tmp_path / "b.tsv", values, columns))
    first, second = (compare_expression(matrix, two_groups(12)) for matrix in (split, whole))
    assert np.array_equal(first.p, second.p) and "aliquots" in codes(first.notices)


def test_missing_and_constant_genes_of_logarithms(tmp_path):
    values = np.log2(counts(200, 12, seed=5) + 1)
    values[0] = 3.0
    values[1, :4] = np.nan
    values[2] = np.nan
    path = write_matrix(tmp_path / "m.tsv", np.nan_to_num(values, nan=-77), barcodes(12))
    path.write_text(path.read_text().replace("-77", ""))
    found = compare_expression(read_expression(path), two_groups(12), method=Method("logs"))
    p = dict(zip(found.genes, found.p, strict=True))
    assert p["G0"] == pytest.approx(1) and 0 < p["G1"] <= 1 and "G2" not in p
    assert codes(found.notices) >= {"gene-without-variance", "gene-missing-values"}


def test_covariates_that_the_groups_determine_are_refused(tmp_path, run):
    matrix = write_matrix(tmp_path / "m.tsv", counts(100, 8), barcodes(8))
    groups = write_groups(tmp_path / "g.csv", 8)
    rows = [f"{case},{'A' if at < 4 else 'B'},{40 + at % 4 * 5}" for at, case in enumerate(barcodes(8))]
    (tmp_path / "c.csv").write_text("\n".join(["case,site,age", *rows]))
    command = [
        "associate",
        "expression",
        matrix,
        "--groups",
        groups,
        "--covariates",
        tmp_path / "c.csv",
        "--out",
        tmp_path / "o",
    ]
    code, _, said = run(*command, "--adjust", "site")
    assert code == 2 and "site" in said and not (tmp_path / "o").exists()
    code, out, said = run(*command, "--adjust", "age")
    assert (code, said) == (0, "") and "high minus low" in out


@pytest.mark.parametrize(
    ("cell", "words"),
    [("1,5", "decimal comma"), ("abc", "'abc' is not a number"), ("1e999", "too large"), ("inf", "'inf'")],
)
def test_the_bad_cell_of_a_large_table_is_named(tmp_path, cell, words):
    rows = [f"G{at}\t{at}.5\t2" for at in range(500)]
    rows[321] = f"G321\t4.5\t{cell}"
    (tmp_path / "m.tsv").write_text("\n".join(["gene\tS1\tS2", *rows]))
    with pytest.raises(CohortError, match=f"row 323, column S2: .*{words}"):
        read_expression(tmp_path / "m.tsv")


def test_a_large_table_with_quotes_commas_and_latin_1(tmp_path):
    text = 'Image;Nucleus: Area µm^2;Class\n"a;b.svs";1,5;Tumor\nc.svs;;"x ""y"""\n'
    (tmp_path / "q.csv").write_bytes(text.encode("latin-1"))
    table = NumberTable(tmp_path / "q.csv")
    (block,) = table.blocks([0, 2], [1])
    assert table.names[1] == "Nucleus: Area µm^2"
    assert block.texts == (["a;b.svs", "c.svs"], ["Tumor", 'x "y"'])
    assert block.numbers[0, 0] == 1.5 and np.isnan(block.numbers[1, 0])


def test_thousands_separators_among_decimal_commas_are_refused(tmp_path):
    (tmp_path / "m.tsv").write_text("gene\ta\tb\nG1\t1,5\t2\nG2\t1.234\t2\n")
    with pytest.raises(CohortError, match=r"row 3, column a.*decimal point"):
        read_expression(tmp_path / "m.tsv")


@pytest.mark.parametrize(
    "content", [b"", b"gene\tA\n", b"PK\x03\x04zip", b"\xff\xfeg\x00", b"\x1f\x8bbroken", b"gene\tA\tB\nG1\t1\n"]
)
def test_files_that_are_no_table(tmp_path, content):
    (tmp_path / "m.tsv").write_bytes(content)
    with pytest.raises(CohortError, match=r"m\.tsv"):
        read_expression(tmp_path / "m.tsv")


def test_a_damaged_gzip_file(tmp_path):
    data = gzip.compress(b"gene\tA\tB\n" + b"G\t1\t2\n" * 10_000)
    (tmp_path / "m.tsv.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(CohortError, match="damaged"):
        read_expression(tmp_path / "m.tsv.gz")


# Gene sets and rankings ----------------------------------------------------------------------------------------------


def sets_file(tmp_path, text="S1\tabout\tG1\tG2\tG3\nS2\t\tG2\tG4\tG99\n"):
    (tmp_path / "sets.gmt").write_text(text)
    return tmp_path / "sets.gmt"


def test_gene_sets_are_read_and_faults_named(tmp_path):
    assert read_gene_sets(sets_file(tmp_path)).sets == {"S1": ("G1", "G2", "G3"), "S2": ("G2", "G4", "G99")}
    with pytest.raises(CohortError, match=r"row 2.*repeats row 1"):
        read_gene_sets(sets_file(tmp_path, "S\tx\tA\nS\tx\tB\n"))
    with pytest.raises(CohortError, match="row 1: not a gene set"):
        read_gene_sets(sets_file(tmp_path, "S,x,A\n"))
    assert len(read_gene_sets("hallmark").sets) == 50


def test_sets_named_otherwise_than_the_genes_are_refused(tmp_path):
    rows = "\n".join(f"ENSG{at:011d}.1,{at - 50}" for at in range(100))
    (tmp_path / "r.csv").write_text("gene,stat\n" + rows)
    with pytest.raises(CohortError, match=r"Ensembl identifier.*symbol"):
        enrich_sets(read_ranking(tmp_path / "r.csv"), read_gene_sets("hallmark"))


def test_rankings_without_a_header_with_repeats_and_missing_values(tmp_path):
    (tmp_path / "r.rnk").write_text("G1\t2.5\nG2\t-1\nG2\t-3\nG3\tNA\nG4\t0\n")
    ranks = read_ranking(tmp_path / "r.rnk")
    assert dict(zip(ranks.genes, ranks.statistics, strict=True)) == {"G1": 2.5, "G2": -3, "G4": 0}
    assert codes(ranks.notices) == {"gene-repeated", "gene-without-statistic"}


def test_a_sets_p_does_not_depend_on_the_other_sets_and_is_never_zero(tmp_path):
    (tmp_path / "r.csv").write_text("gene,stat\n" + "\n".join(f"G{at},{100 - at}" for at in range(200)))
    many = "".join(
        f"S{k}\tx\t" + "\t".join(f"G{k * 7 + at * (1 + k % 3)}" for at in range(15 + k)) + "\n" for k in range(9)
    )
    one = many.splitlines()[0] + "\n"
    ranks = read_ranking(tmp_path / "r.csv")
    alone = enrich_sets(ranks, read_gene_sets(sets_file(tmp_path, one)), permutations=500).results[0]
    together = enrich_sets(ranks, read_gene_sets(sets_file(tmp_path, many)), permutations=500)
    same = next(row for row in together.results if row.set == "S0")
    assert (alone.p, alone.nes, alone.es) == (same.p, same.nes, same.es)
    assert alone.p == 1 / (alone.same_sign + 1) > 0  # the fifteen genes at the top


def test_ties_and_sizes_are_said(tmp_path):
    (tmp_path / "r.csv").write_text("gene,stat\n" + "\n".join(f"G{at},{at % 7}" for at in range(100)))
    text = "BIG\tx\t" + "\t".join(f"G{at}" for at in range(20)) + "\nSMALL\tx\tG1\tG2\n"
    found = enrich_sets(read_ranking(tmp_path / "r.csv"), read_gene_sets(sets_file(tmp_path, text)), permutations=100)
    assert codes(found.notices) == {"sets-skipped", "ties", "one-sided"}
    assert found.skipped == (("SMALL", 2),)
