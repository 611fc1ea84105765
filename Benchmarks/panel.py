"""From the click on Apply to the shown result, through the module's own widget, beside SlicerRadiomics' extractor.

    .venv/bin/python Benchmarks/panel.py [IMAGE MASK]

Runs the panel outside Slicer (``LABCRadiomics/Testing/Python/slicer_standin``) on a real MRML scene; without arguments
on UCSF-BR-06 of the project's shared data (256x256x60) when it is there, else on the bundled case, and on a synthetic
448x448x160 volume. Timed with the demonstration model (6 features) and with a model of the article's size: 15 features
from all 8 wavelet sub-bands and five feature classes; its coefficients are all 1, for nothing but the timing. In CPU
seconds of this process; the first click also pays for imports. The ratio is to what SlicerRadiomics runs, pyradiomics'
stock extractor, on the same nodes for the same image types and feature classes, where pyradiomics is installed.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]
REPEATS = 5
BANDS = ("LLL", "LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH")
FEATURES = ("glcm_Idmn", "glszm_SmallAreaEmphasis", "firstorder_Kurtosis", "glrlm_RunEntropy", "gldm_DependenceEntropy")


def default_case() -> tuple[Path, Path]:
    shared = Path(os.environ.get("LABCRADIOMICS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "ucsf-br-06"
    images, masks = sorted(shared.glob("*_t1.*")), sorted(shared.glob("*ftv_mask_largest*"))
    if images and masks:
        return images[0], masks[0]
    bundled = ROOT / "LABCRadiomics" / "Resources" / "SampleData"
    return bundled / "breast1_image.nrrd", bundled / "breast1_label.nrrd"


def article_sized_model(folder: Path) -> Path:
    from LABCRadiomicsLib.model.completion import complete_model
    from LABCRadiomicsLib.model.file import save_model
    from LABCRadiomicsLib.model.registry import find_model

    names = [f"wavelet-{BANDS[n % 8]}_{FEATURES[n % 5]}" for n in range(15)]
    rows = "".join(f"{name},1\n" for name in names)
    (folder / "ones.csv").write_text(f"feature,coefficient\n{rows}", encoding="utf-8")
    save_model(complete_model(find_model("wang2022-labc-dfs"), folder / "ones.csv"), folder / "ones.json")
    return folder / "ones.json"


def seconds(action) -> float:
    """CPU seconds of an action."""
    start = time.process_time()
    action()
    return time.process_time() - start


def stock_seconds(panel) -> float | None:
    """CPU seconds of the stock extractor for the model's image types and feature classes; None without pyradiomics."""
    try:
        from radiomics import featureextractor, setVerbosity
    except ModuleNotFoundError:
        return None
    from LABCRadiomicsLib.mrml import images_from_nodes
    from LABCRadiomicsPanel.radiomics_command import neededParameters

    setVerbosity(60)
    parameters = panel._parameterNode
    image, mask, _ = images_from_nodes(parameters.inputVolume, parameters.segmentation, parameters.segmentId)
    extractor = featureextractor.RadiomicsFeatureExtractor(neededParameters(panel.inputs.model.model))
    return seconds(lambda: extractor.execute(image.to_sitk(), mask.to_sitk(), label=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", metavar="IMAGE MASK")
    given = parser.parse_args().files

    from extraction import synthetic

    import slicer_standin

    with tempfile.TemporaryDirectory() as folder:
        cases = [given] if len(given) == 2 else [default_case(), synthetic(Path(folder))]
        model = article_sized_model(Path(folder))
        for image, mask in cases:
            with slicer_standin.running(Path(folder)) as application:
                measure_case(application, image, mask, ("demo-phantom", str(model)))


def measure_case(application, image: Path, mask: Path, models: tuple[str, ...]) -> None:
    import slicer

    from LABCRadiomicsLib import mrml

    opened = seconds(application.make)
    application.enter()
    panel = application.current
    volume = mrml.load_volume(slicer.mrmlScene, image)
    mrml.load_segmentation(slicer.mrmlScene, mask)
    slicer.app.processEvents()
    print(f"{image.name}, {'x'.join(map(str, volume.GetImageData().GetDimensions()))}; CPU seconds")
    print(f"open the panel                    {opened:6.2f}")
    for model in models:
        panel._parameterNode.model = model
        panel._parameterNode.stability = False
        measure(panel)


def measure(panel) -> None:
    print(f"{len(panel.inputs.model.model.score.terms)} features")
    clicks = [seconds(panel.ui.applyButton.click) for _ in range(REPEATS)]
    assert panel.resultView.document is not None, panel.ui.messageLabel.text
    timings = panel.resultView.document["timings"]
    print(f"  first click on Apply to result  {clicks[0]:6.2f}")
    print(f"  later clicks, best of {REPEATS - 1}         {min(clicks[1:]):6.2f}")
    for step in ("read_s", "extract_s", "score_s"):
        print(f"    of it {step:24}{timings[step]:6.2f} (wall)")
    stock = stock_seconds(panel)
    if stock is not None:
        print(f"  stock extractor alone           {stock:6.2f}, {stock / min(clicks[1:]):.0f} times a click")
    panel.ui.stabilityCheckBox.checked = True
    print(f"  with redrawn contours           {seconds(panel.ui.applyButton.click):6.2f}")


if __name__ == "__main__":
    main()
