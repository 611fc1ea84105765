"""What the command line has and the Slicer module has not, each with its reason."""

#: Commands that are no cohort step of the panel, and why.
COMMANDS_LEFT_OUT = {
    "score": "Inputs and Apply do it for the images of the scene.",
    "demo": "The module Sample Data offers the bundled case, and Apply scores it.",
    "models": "Models are listed, shown, checked and completed under Inputs.",
    "simulate": "It makes data to learn and to test with, of no patient.",
    "samplesize": "It plans a study before there is data, and prints a few numbers.",
}
#: Options that have no field in the panel, and why; by step.
OPTIONS_LEFT_OUT = {
    "score": {
        "phase": "Slicer's DICOM module loads the acquisition that is chosen there.",
        "series": "Slicer's DICOM module loads the series that is chosen there.",
        "spacing": "A volume in Slicer has a spacing, which the module Volumes corrects.",
        "regular_grid": "Slicer's DICOM module gives such slices a transform, which is to be hardened.",
        "contours": "They are as many as the command draws when nothing is asked.",
    },
    "extract": {
        "scheduler": "Its cases go to a cluster, whose workers need the package too; that is set up from a terminal.",
        "resume": "It is always given: without an interrupted run it changes nothing.",
    },
    "agreement": {
        "scheduler": "Its cases go to a cluster, whose workers need the package too; that is set up from a terminal.",
        "resume": "A case or two are soon done again; many are extracted by a step of their own.",
    },
    "apply": {"model": "It is the model chosen under Inputs."},
    "validate": {"model": "It is the model chosen under Inputs."},
    "recalibrate": {"model": "It is the model chosen under Inputs."},
}
