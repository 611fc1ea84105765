"""The bundled real case, breast1 of pyradiomics' test data, and its place in the Sample Data module."""

from pathlib import Path

from slicer.i18n import tr as _

RESOURCES = Path(__file__).resolve().parents[1] / "Resources"


def bundledFiles():
    """Image and label mask."""
    folder = RESOURCES / "SampleData"
    return folder / "breast1_image.nrrd", folder / "breast1_label.nrrd"


def register():
    """Offer the bundled case in the Sample Data module; it is copied from the extension's folder, not downloaded."""
    import SampleData

    image, mask = bundledFiles()
    category = "LABC Radiomics"
    if hasattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory"):  # Slicer 5.12 and later
        SampleData.SampleDataLogic.registerCustomSampleDataCategory(category, title=_("LABC Radiomics"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=category,
        sampleName="LABCRadiomicsBreast1",
        thumbnailFileName=str(RESOURCES / "Icons" / "LABCRadiomics.png"),
        uris=[image.as_uri(), mask.as_uri()],
        fileNames=[image.name, mask.name],
        nodeNames=["Breast1 MRI", "Breast1 tumor"],
        loadFileTypes=["VolumeFile", "SegmentationFile"],
        checksums=[
            "SHA256:0e8b668f3ce9b9aacff20dc3c216866f43069ff96b269fb45b76f5e205a431e2",
            "SHA256:07085bb0e36a956de5bd1c1c1b5f8bdf2ce80952125b13cbd352412c108c8950",
        ],
    )
