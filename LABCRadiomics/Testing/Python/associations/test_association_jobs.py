"""Every job through its command: the files it writes, and what it says when its input is unusable."""

import json

import numpy as np
import pytest

from association_examples import barcodes, counts, write_groups, write_matrix
from LABCRadiomicsLib.simulation.association_tables import (
    CELL_TYPES,
    PLANTED_MEASUREMENT,
    PLANTED_SETS,
    PLANTED_TYPE,
    simulate_associations,
    write_associations,
)
from LABCRadiomicsLib.tables.csv_table import read_table


@pytest.fixture(scope="module")
def made():
    return simulate_associations(45, seed=7, genes=900, planted=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, made):
    path = tmp_path_factory.mktemp("inputs")
    write_associations(path, made)
    return path


@pytest.fixture(scope="module")
def everything(folder, tmp_path_factory):
    """``associate all`` on the simulated cohort, once."""
    from LABCRadiomicsLib.associations.workflow import associate_all

    out = tmp_path_factory.mktemp("all") / "out"
    return out, associate_all(folder / "config.yaml", out)


@pytest.fixture
def no_drawing(monkeypatch):
    """Figures are set up but not drawn, which takes most of the time; other tests look at drawn ones."""
    from LABCRadiomicsLib.plots import associations as plots

    monkeypatch.setattr(plots, "png", lambda figure: bytes(24))


COLUMNS = {
    "expression.csv": ["gene", "log_fc", "average", "t", "p", "p_adjusted"],
    "gsea.csv": ["set", "size", "es", "nes", "p", "p_adjusted", "leading_edge"],
    "enrichment.csv": ["set", "overlap", "set_size", "query", "universe", "p", "p_adjusted", "genes"],
    "prognosis.csv": ["gene", "hr", "lower", "upper", "p", "logrank_p", "log_fc", "fits"],
    "purity.csv": ["case", "stromal", "immune", "estimate", "purity"],
    "immune.csv": ["type", "n_A", "n_B", "median_A", "median_B", "wilcoxon_p", "wilcoxon_p_adjusted", "t_p"],
    "immunophenoscore.csv": ["case", "mhc", "ec", "sc", "cp", "az", "ips"],
    "histopathology.csv": ["feature", "median_A", "median_B", "p", "fdr", "selected"],
    "clusters.csv": ["case", "cluster"],
}


def test_all_writes_one_folder_with_the_tables_of_the_design(everything):
    out, done = everything
    assert not done.failed and not done.skipped
    for name, columns in COLUMNS.items():
        names = read_table(out / name).names
        assert list(names[: len(columns)]) == columns and (name == "immune.csv" or len(names) == len(columns)), name
    document = json.loads((out / "associations.json").read_text())
    assert set(document["jobs"]) == {name.split(".")[0] for name in COLUMNS}
    assert document["jobs"]["expression"]["contrast"] == "high minus low" and document["status"] == "demonstration"
    assert all(count["tests"] >= count["found"] for count in document["tests"])
    assert not [path.name for path in out.iterdir() if path.name.endswith((".tmp", "progress"))]


def test_planted_truth_is_found(everything, made):
    out, _ = everything
    genes = read_table(out / "expression.csv")
    change = dict(zip(made.genes, made.changed, strict=True))
    found = [gene for gene, p in zip(genes.texts("gene"), genes.numbers("p_adjusted"), strict=True) if p < 0.05]
    wrong = sum(change[gene] == 0 for gene in found)
    assert len(found) - wrong > 45 and wrong <= 0.15 * len(found)
    signs = dict(zip(genes.texts("gene"), np.sign(genes.numbers("log_fc")), strict=True))
    assert all(signs[gene] == np.sign(change[gene]) for gene in found if change[gene])
    sets = read_table(out / "gsea.csv")
    assert set(sets.texts("set")[:2]) == set(PLANTED_SETS)
    assert dict(zip(sets.texts("set"), np.sign(sets.numbers("es")), strict=True))[PLANTED_SETS[0]] == 1
    types = read_table(out / "immune.csv")
    assert types.texts("type")[int(np.nanargmin(types.numbers("wilcoxon_p", allow_missing=True)))] == PLANTED_TYPE
    tissue = read_table(out / "histopathology.csv")
    assert tissue.texts("feature")[int(np.nanargmin(tissue.numbers("p")))].startswith(PLANTED_MEASUREMENT)
    prognosis = read_table(out / "prognosis.csv")
    assert prognosis.numbers("fits").mean() > 0.9
    labels = read_table(out / "clusters.csv").numbers("cluster")
    assert max(np.mean(labels == made.clusters), np.mean(labels != made.clusters)) > 0.95


def test_the_page_tells_multiple_testing_first(everything):
    out, done = everything
    page = (out / "index.html").read_text(encoding="utf-8")
    tests = sum(count.tests for section in done.sections for count in section.tests)
    assert f"Of {tests:,} tests" in page and page.index("by chance alone") < page.index("<h2")
    assert "Simulated" in page or "simulated" in page
    assert "depends" not in page or "trend" not in page.replace("neither a trend", "")
    assert page.count("<figure") >= 12 and "is no test of patients" in page


def test_an_interrupted_run_goes_on_where_it_stopped(folder, tmp_path, monkeypatch, no_drawing):
    from LABCRadiomicsLib.associations import registry, workflow

    config = tmp_path / "config.yaml"
    text = (folder / "config.yaml").read_text().replace(": scores.csv", f": {folder}/scores.csv")
    for name in ("expression.tsv.gz", "sets.gmt", "immune.csv", "features.csv", "outcomes.csv", "cells.tsv"):
        text = text.replace(f": {name}", f": {folder}/{name}")
    config.write_text(text + "jobs: [expression, gsea, immune]\n")
    out = tmp_path / "out"
    own = registry.Job.run.fget

    def stopped(job):
        if job.name == "immune":
            raise KeyboardInterrupt
        return own(job)

    monkeypatch.setattr(registry.Job, "run", property(stopped))
    with pytest.raises(KeyboardInterrupt):
        workflow.associate_all(config, out)
    assert not (out / "index.html").exists() and (out / workflow.PROGRESS / "gsea" / "section.json").is_file()
    monkeypatch.setattr(registry.Job, "run", property(own))
    done = workflow.associate_all(config, out)
    assert done.resumed == ("expression", "gsea") and not (out / workflow.PROGRESS).exists()
    fresh = workflow.associate_all(config, tmp_path / "fresh")
    assert fresh.resumed == ()
    for name in ("expression.csv", "gsea.csv", "immune.csv", "associations.json", "index.html"):
        assert (out / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes(), name


def test_normal_tissue_as_the_article_compares_it(tmp_path, run, no_drawing):
    values = counts(400, 30, seed=2, changed=40)
    cases = barcodes(20)
    columns = [f"{case}-01A" for case in cases] + [f"{case}-11A" for case in cases[:10]]
    write_matrix(tmp_path / "m.tsv", values, columns)
    (tmp_path / "s.csv").write_text("case,score\n" + "\n".join(f"{case},{at}" for at, case in enumerate(cases)))
    genes = [[f"G{at * 10 + k}" for k in range(20)] for at in range(30)]
    (tmp_path / "g.gmt").write_text("".join(f"S{at}\tx\t" + "\t".join(part) + "\n" for at, part in enumerate(genes)))
    (tmp_path / "c.json").write_text(json.dumps(
        {"scores": "s.csv", "expression": "m.tsv", "sets": "g.gmt", "normal": True, "jobs": ["expression", "gsea"],
         "options": {"gsea": {"permutations": 200}}}
    ))  # fmt: skip
    code, out, _ = run("associate", "all", tmp_path / "c.json", "--out", tmp_path / "o")
    assert code == 0 and "high minus normal" in out and "low minus normal" in out
    names = {path.name for path in (tmp_path / "o").glob("*.csv")}
    assert {"expression.csv", "expression_high-normal.csv", "gsea_low-normal.csv"} <= names
    jobs = json.loads((tmp_path / "o" / "associations.json").read_text())["jobs"]
    assert jobs["gsea_high-normal"]["contrast"] == "high minus normal"
    assert jobs["expression_high-normal"]["groups"] == {"high": 6, "normal": 10}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scores: s.csv\nimune: x\n", "imune"),
        ("scores: s.csv\n", "no input is given"),
        ("scores: s.csv\nimmune: nowhere.csv\n", "nowhere.csv does not exist"),
        (
            "scores: s.csv\nimmune: s.csv\noptions: {immune: {largest_p: high}}\n",
            "largest_p of immune must be a number",
        ),
        ("scores: s.csv\nimmune: s.csv\noptions: {imune: {}}\n", "imune"),
        ("scores: s.csv\nimmune: s.csv\nsplit: halves\n", "thirds, cutoff"),
        ("scores: s.csv\njobs: [purity]\n", "purity has no input"),
        ("scores: [1\n", "no YAML"),
        ("- a\n", "keys"),
    ],
)
def test_bad_configurations_are_refused_before_any_work(tmp_path, run, text, words):
    (tmp_path / "s.csv").write_text("case,score\nA,1\n")
    (tmp_path / "c.yaml").write_text(text)
    code, _, said = run("associate", "all", tmp_path / "c.yaml", "--out", tmp_path / "o")
    assert code == 2 and words in said and said.count("\n") == 1 and not (tmp_path / "o").exists()


def test_a_failed_job_does_not_stop_the_others_and_is_told(folder, tmp_path, run, no_drawing):
    (tmp_path / "bad.csv").write_text("Mixture,A,B,C\n" + "\n".join(f"SIM-{at:03d},0.5,0.4,0.3" for at in range(1, 40)))
    config = {
        "scores": str(folder / "scores.csv"),
        "immune": str(folder / "cells.tsv"),
        "features": str(folder / "features.csv"),
    }
    (tmp_path / "c.json").write_text(json.dumps(config))
    code, _, said = run("associate", "all", tmp_path / "c.json", "--out", tmp_path / "o")
    assert code == 2 and "immune was not done" in said
    assert (tmp_path / "o" / "clusters.csv").is_file() and not (tmp_path / "o" / "immune.csv").exists()
    document = json.loads((tmp_path / "o" / "associations.json").read_text())
    assert "immune" in document["not_done"] and str(folder) not in document["not_done"]["immune"]


# Single jobs ---------------------------------------------------------------------------------------------------------


def refused(run, *command):
    """Run what cannot work; give the one sentence."""
    code, out, said = run("associate", *command)
    assert code == 2 and out == "" and said.startswith("labcradiomics: ") and said.count("\n") == 1, (code, out, said)
    return said


def test_an_input_is_never_overwritten(folder, tmp_path, run):
    code, _, _ = run("associate", "purity", folder / "expression.tsv.gz", "--out", tmp_path / "o")
    assert code == 0
    (tmp_path / "o" / "own.csv").write_text("case,score\n")
    said = refused(
        run, "immune", folder / "immune.csv", "--scores", tmp_path / "o" / "own.csv", "--out", tmp_path / "o"
    )
    assert "own.csv" in said and (tmp_path / "o" / "purity.csv").is_file()


def test_purity_and_immunophenoscore_refuse_z_scores_and_panels(tmp_path, run):
    generator = np.random.default_rng(0)
    write_matrix(tmp_path / "z.tsv", generator.normal(size=(200, 6)), barcodes(6))
    write_matrix(tmp_path / "l.tsv", generator.uniform(0, 9, size=(200, 6)), barcodes(6))
    for job in ("purity", "immunophenoscore"):
        assert "z-scores" in refused(run, job, tmp_path / "z.tsv", "--out", tmp_path / "o")
    assert "StromalSignature" in refused(run, "purity", tmp_path / "l.tsv", "--out", tmp_path / "o")
    assert "no gene of the" in refused(run, "immunophenoscore", tmp_path / "l.tsv", "--out", tmp_path / "o")


FRACTIONS = "Mixture;A;B;C;P-value\n" + "".join(
    f"TCGA.AA.{at:04d}.01A;0,{200 + at * 10};0,{500 - at * 10};0,3;0,{2 if at == 3 else '01'}\n" for at in range(16)
)


def immune_command(tmp_path, text):
    (tmp_path / "f.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    write_groups(tmp_path / "g.csv", 16)
    return ["immune", tmp_path / "f.txt", "--groups", tmp_path / "g.csv", "--out", tmp_path / "o"]


def test_fractions_with_decimal_commas_points_in_barcodes_and_an_all_equal_type(tmp_path, run, no_drawing):
    code, _, said = run("associate", *immune_command(tmp_path, FRACTIONS))
    assert code == 0 and "same value: C" in said and "1 of 16 cases" in said
    table = read_table(tmp_path / "o" / "immune.csv")
    assert table.numbers("n_A").tolist() == [7, 7, 7]
    assert np.isnan(table.numbers("wilcoxon_p", allow_missing=True)).tolist() == [False, False, True]
    assert table.numbers("median_B")[0] == pytest.approx(0.315)
    findings = json.loads((tmp_path / "o" / "associations.json").read_text())["jobs"]["immune"]
    assert (
        findings["dropped_for_deconvolution_p"] == 1
        and "no test of patients" in findings["composition"]["chi_square_note"]
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("0,240;0,460", "0,740;0,460"), "add up to"),
        (lambda t: t.replace("0,240;0,460", "-0,240;0,940"), "negative fraction"),
        (lambda t: t.replace("0,240", "0,2x"), "row 6, column A"),
        (lambda t: t.replace(";A;", ";B;"), "occurs twice"),
        (lambda t: t.replace("TCGA.AA", "Patient"), "has a group"),
        (lambda t: "Mixture,A\nx,y\n", "no column of numbers"),
    ],
)
def test_bad_fractions_are_named(tmp_path, run, change, words):
    assert words in refused(run, *immune_command(tmp_path, change(FRACTIONS)))


def test_types_in_rows_are_transposed(tmp_path, run, no_drawing):
    lines = [line.split(";") for line in FRACTIONS.strip().split("\n")]
    code, _, _ = run("associate", *immune_command(tmp_path, FRACTIONS))
    straight = read_table(tmp_path / "o" / "immune.csv")
    turned = "\n".join(";".join(row) for row in zip(*lines, strict=True))
    code, _, said = run("associate", *immune_command(tmp_path, turned))
    assert code == 0 and "it was transposed" in said
    found = read_table(tmp_path / "o" / "immune.csv")
    assert found.texts("type") == straight.texts("type") and found.texts("wilcoxon_p") == straight.texts("wilcoxon_p")


def test_fractions_that_do_not_add_up_are_said(tmp_path, run, no_drawing):
    code, _, said = run("associate", *immune_command(tmp_path, FRACTIONS.replace(";0,3;", ";0,05;")))
    assert code == 0 and "do not add up to 1" in said
    assert json.loads((tmp_path / "o" / "associations.json").read_text())["jobs"]["immune"]["composition"] is None


def cells_text(encoding="utf-8", decimal=".", separator="\t"):
    generator = np.random.default_rng(1)
    header = [
        "Image",
        "Object type",
        "Name",
        "Class",
        "Parent",
        "Centroid X µm",
        "Nucleus: Area µm^2",
        "Cell: Circularity",
    ]
    rows = [separator.join(header)]
    for at in range(12):
        for _ in range(25):
            area, circularity = (f"{value:.4f}" for value in generator.normal((30 + at, 0.8), (5, 0.1)))
            cells = [f"TCGA-AA-{at:04d}-01Z-00-DX1.svs", "Cell", "", "Tumor", "A", "1", area, circularity]
            rows.append(separator.join(cells))
        rows.append(separator.join([f"TCGA-AA-{at:04d}-01Z-00-DX1.svs", "Annotation", "", "", "A", "1", "9e5", "NaN"]))
    text = "\n".join(rows)
    if decimal == ",":
        text = text.replace(".svs", "#svs").replace(".", ",").replace("#svs", ".svs")
    return text.encode(encoding)


@pytest.mark.parametrize(
    "content", [cells_text(), cells_text("latin-1"), cells_text(decimal=","), cells_text(decimal=",", separator=";")]
)
def test_qupath_exports_of_any_locale(tmp_path, run, content, no_drawing):
    (tmp_path / "q.tsv").write_bytes(content)
    write_groups(tmp_path / "g.csv", 12)
    code, _, said = run(
        "associate", "histopathology", tmp_path / "q.tsv", "--groups", tmp_path / "g.csv", "--out", tmp_path / "o"
    )
    assert code == 0 and "12 Annotation" in said
    table = read_table(tmp_path / "o" / "histopathology.csv")
    row = table.texts("feature").index("Nucleus: Area µm^2 | median")
    assert table.numbers("median_B")[row] > table.numbers("median_A")[row] > 25  # low has the larger numbers
    assert table.texts("selected")[row] == "1"
    cases = read_table(tmp_path / "o" / "histopathology_cases.csv")
    assert len(cases) == 12 and set(cases.texts("cells")) == {"25"}


def test_images_without_barcodes_are_the_cases_they_begin_with(tmp_path, run, no_drawing):
    text = cells_text().decode()
    for at in range(12):
        text = text.replace(f"TCGA-AA-{at:04d}-01Z-00-DX1.svs", f"P{at}_slide.ome.tif")
    (tmp_path / "q.tsv").write_text(text)
    (tmp_path / "g.csv").write_text("case,group\n" + "\n".join(f"P{at},{'a' if at < 6 else 'b'}" for at in range(12)))
    code, out, _ = run(
        "associate", "histopathology", tmp_path / "q.tsv", "--groups", tmp_path / "g.csv", "--out", tmp_path / "o"
    )
    assert code == 0 and "b 6, a 6" in out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("Image", "File"), "column Image is missing"),
        (lambda t: t.replace("\tCell\t", "\tAnnotation\t"), "no cells or tiles"),
        (lambda t: t[: len(t) // 2], "cells where the header has"),
    ],
)
def test_bad_exports_are_named(tmp_path, run, change, words):
    (tmp_path / "q.tsv").write_text(change(cells_text().decode()))
    write_groups(tmp_path / "g.csv", 12)
    said = refused(run, "histopathology", tmp_path / "q.tsv", "--groups", tmp_path / "g.csv", "--out", tmp_path / "o")
    assert words in said


def test_prognosis_of_a_matrix_with_outcomes_elsewhere(folder, everything, tmp_path, run, no_drawing):
    out, _ = everything
    outcomes = (folder / "outcomes.csv").read_text().replace(",1\n", ",1:DECEASED\n").replace(",0\n", ",0:LIVING\n")
    (tmp_path / "o.csv").write_text(outcomes + "SIM-999,,\n")
    command = ["prognosis", folder / "expression.tsv.gz", "--outcomes", tmp_path / "o.csv", "--time", "dfs_months"]
    command += ["--event", "dfs_event", "--expression", out / "expression.csv", "--genes", "differential"]
    code, _, said = run("associate", *command, "--out", tmp_path / "r")
    assert code == 0 and "1 case of o.csv without an outcome" in said
    first, second = read_table(tmp_path / "r" / "prognosis.csv"), read_table(out / "prognosis.csv")
    assert first.texts("gene") == second.texts("gene") and np.array_equal(first.numbers("hr"), second.numbers("hr"))
    said = refused(run, *command, "--contrast", "a-b", "--out", tmp_path / "x")
    assert "--worse" in said
    command[command.index("differential")] = "all"
    command[command.index("dfs_event")] = "dfs_months"
    assert "an event is 1" in refused(run, *command, "--out", tmp_path / "x")


def test_enrichment_without_any_gene_says_what_else_to_do(tmp_path, run):
    rows = "\n".join(f"G{at},0.1,1,0.1,0.9,0.9" for at in range(30))
    (tmp_path / "expression.csv").write_text("gene,log_fc,average,t,p,p_adjusted\n" + rows)
    (tmp_path / "s.gmt").write_text("S\tx\t" + "\t".join(f"G{at}" for at in range(12)) + "\n")
    said = refused(run, "enrichment", tmp_path / "expression.csv", tmp_path / "s.gmt", "--out", tmp_path / "o")
    assert "gsea" in said


def test_dollar_signs_in_names_are_no_formulas(tmp_path, run):
    text = FRACTIONS.replace("Mixture;A;B;C", "Mixture;$A_x$;<b>B</b>;[red]C")
    code, out, _ = run("associate", *immune_command(tmp_path, text.replace("P-value", "P.value")))
    page = (tmp_path / "o" / "index.html").read_text()
    assert code == 0 and "&lt;b&gt;B" in page and "<b>B" not in page
    assert read_table(tmp_path / "o" / "immune.csv").texts("type")[0] == "$A_x$"
    assert "cell types" in out


def test_options_that_contradict_each_other(folder, tmp_path, run, no_drawing):
    base = ["immune", folder / "immune.csv", "--out", tmp_path / "o"]
    assert "neither" in refused(run, *base)
    assert "both" in refused(run, *base, "--scores", folder / "scores.csv", "--groups", folder / "scores.csv")
    assert "--split cutoff" in refused(run, *base, "--scores", folder / "scores.csv", "--cutoff", 0)
    said = refused(run, *base, "--scores", folder / "scores.csv", "--split", "cutoff", "--cutoff", 99)
    assert "all 45 cases are low" in said
    code, out, _ = run("associate", *base, "--scores", folder / "scores.csv", "--split", "cutoff", "--cutoff", 0)
    assert code == 0 and "high minus low" in out and len(CELL_TYPES) == len(read_table(tmp_path / "o" / "immune.csv"))
