"""What the command line has and the cohort section of the Slicer module has not, each with its reason."""

#: Commands that are no cohort step of the panel, and why.
COMMANDS_LEFT_OUT = {
    "score": "Apply scores the images of the scene, with the same options where a scene has them.",
    "demo": "The module Sample Data offers the bundled case, and Apply scores it.",
    "models": "Models are listed, shown, checked and completed under Inputs.",
    "simulate": "It makes data to learn and to test with, of no patient.",
    "samplesize": "It plans a study before there is data, and prints a few numbers.",
}
#: Options that have no field in the panel, and why; by step.
OPTIONS_LEFT_OUT = {
    "extract": {
        "scheduler": "Its cases go to a cluster, whose workers need the package too; that is set up from a terminal.",
        "resume": "It is always given: without an interrupted run it changes nothing.",
    },
    "apply": {"model": "It is the model chosen under Inputs."},
    "validate": {"model": "It is the model chosen under Inputs."},
    "recalibrate": {"model": "It is the model chosen under Inputs."},
}
