"""The DICOM files that a volume was loaded from; nothing here knows Qt."""

import slicer
from slicer.i18n import tr as _


def sourceFiles(volumeNode):
    """Find the files in Slicer's DICOM database.

    :return: the files and, when there are none, the reason
    """
    if volumeNode is None:
        return [], _("The volume of this result is no longer in the scene.")
    uids = (volumeNode.GetAttribute("DICOM.instanceUIDs") or "").split()
    if not uids:
        return [], _("The volume was not loaded from DICOM.")
    database = getattr(slicer, "dicomDatabase", None)  # absent when the DICOM module is disabled
    if database is None or not database.isOpen:
        return [], _("Slicer's DICOM database is not open: see the DICOM module.")
    files = [database.fileForInstance(uid) for uid in uids]
    if not all(files):
        return [], _("The DICOM database no longer has the volume's files: import them again.")
    return files, ""
