"""What a score goes along with, shown: on a simulated cohort with known truth, and on a real one where it is at hand.

    make associate-demo       (under two minutes)

The simulated cohort has planted genes, gene sets, cells and survival; the real one is 91 TCGA-BRCA tumors with public
MRI features, expression, cells and follow-up, whose tables are not part of this repository.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "LABCRadiomics"))

REAL = """title: What a score of 91 TCGA-BRCA tumors goes along with (score a stand-in, tissue simulated)
scores: {expected}/mri_score.csv
contrast: low-high
features: {inputs}/mri_radiomics.csv
features_id: CLID
outcomes: {inputs}/mri_clinical.csv
time: pfs_months
event: pfs_event
expression: {inputs}/mri_expression_z.tsv.gz
sets: {inputs}/hallmark_v7.0.symbols.gmt
immune: {inputs}/mri_cibersort.csv
histopathology: {inputs}/qupath_cells_SYNTHETIC.tsv.gz
options:
  prognosis:
    matrix: {inputs}/tcga_brca_survival_panel.tsv.gz
    time: os_months
    event: os_event
    genes: nominal
"""


def associate(config: Path, out: Path) -> None:
    """Run the command, shown as one would type it."""
    print(f"\n$ labcradiomics associate all {config} --out {out}", flush=True)
    start = time.perf_counter()
    command = [sys.executable, "-m", "LABCRadiomicsLib.cli", "associate", "all", str(config), "--out", str(out)]
    code = subprocess.run(command, check=False).returncode
    if code:
        sys.exit(code)
    print(f"  ({time.perf_counter() - start:.0f} s)", flush=True)


def compare_with_truth(folder: Path, out: Path) -> None:
    """Say what of the planted truth was found."""
    from LABCRadiomicsLib.tables.csv_table import read_table

    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    genes = read_table(out / "expression.csv")
    found = {gene for gene, p in zip(genes.texts("gene"), genes.numbers("p_adjusted"), strict=True) if p < 0.05}
    planted = set(truth["changed_genes"])
    print("\nAgainst the truth:")
    print(
        f"  genes with adjusted p below 0.05: {len(found)}, of which {len(found & planted)} planted (of {len(planted)})"
    )
    sets = read_table(out / "gsea.csv")
    best = [name for name, p in zip(sets.texts("set"), sets.numbers("p_adjusted"), strict=True) if p < 0.05]
    print(f"  gene sets: {', '.join(best)} (planted: {', '.join(truth['planted_sets'])})")
    types = read_table(out / "immune.csv")
    first = types.texts("type")[int(types.numbers("wilcoxon_p", allow_missing=True).argmin())]
    print(f"  cell type of smallest p: {first} (planted: {truth['planted_cell_type']})")
    tissue = read_table(out / "histopathology.csv")
    first = tissue.texts("feature")[int(tissue.numbers("p", allow_missing=True).argmin())]
    print(f"  tissue feature of smallest p: {first} (planted: {truth['planted_measurement']})")


def main() -> None:
    from LABCRadiomicsLib.simulation.association_tables import simulate_associations, write_associations

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("associate-demo"), help="new or empty folder")
    parser.add_argument("--open", action="store_true", help="show the pages in the browser")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        sys.exit(f"{options.out} is not empty: give a new folder or delete it.")
    start, out = time.perf_counter(), options.out.resolve()
    config = write_associations(out / "simulated" / "inputs", simulate_associations(seed=2022))
    associate(config, out / "simulated" / "report")
    compare_with_truth(config.parent, out / "simulated" / "report")
    pages = [out / "simulated" / "report" / "index.html"]
    shared = (
        Path(os.environ.get("LABCRADIOMICS_SHARED_REFERENCE", ROOT.parent / "shared" / "reference")) / "associations"
    )
    if shared.is_dir():
        config = out / "real" / "config.yaml"
        config.parent.mkdir()
        config.write_text(REAL.format(inputs=shared / "inputs", expected=shared / "expected"), encoding="utf-8")
        associate(config, out / "real" / "report")
        pages.append(out / "real" / "report" / "index.html")
    else:
        print(
            "\nThe tables of the real cohort are not at hand (LABCRADIOMICS_SHARED_REFERENCE): simulated cohort only."
        )
    print(f"\nDone in {time.perf_counter() - start:.0f} s. Pages:")
    for page in pages:
        print(f"  {page}")
        if options.open:
            webbrowser.open(page.as_uri())


if __name__ == "__main__":
    main()
