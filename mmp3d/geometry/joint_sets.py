"""Names, parents and per-joint sigmas of the joint sets: data only.

Order and parents of MuPoTS-17 are those of the official MuPoTS-3D evaluation (tree "o1"); MuCo-21 adds hands and
toes behind them; COCO-17 is the order of the COCO keypoint annotations. A joint whose parent is itself is the root.
Sigmas are COCO's published per-joint values where COCO has the joint; a joint that COCO lacks takes the value of the
nearest one that it has (neck: shoulder, pelvis and spine: hip, head: ear, hand: wrist, toe: ankle).
"""

MUPOTS17_NAMES = (
    'head_top', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist',
    'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'pelvis', 'spine',
    'head')  # fmt: skip
MUPOTS17_PARENTS = (1, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, 14, 14, 1)

# Length of the bone from each MuPoTS-17 joint to its parent in a tall adult, mm, in the order of the names.
MUPOTS17_BONE_LENGTHS = (330, 320, 230, 370, 330, 230, 370, 330, 170, 530, 520, 170, 530, 520, 0, 300, 220)

MUCO21_NAMES = MUPOTS17_NAMES + ('right_hand', 'left_hand', 'right_toe', 'left_toe')
MUCO21_PARENTS = MUPOTS17_PARENTS + (4, 7, 10, 13)

COCO17_NAMES = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow',
    'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
    'right_ankle')  # fmt: skip
COCO17_PARENTS = (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14)

SIGMAS = {
    'nose': 0.026, 'eye': 0.025, 'ear': 0.035, 'shoulder': 0.079, 'elbow': 0.072, 'wrist': 0.062, 'hip': 0.107,
    'knee': 0.087, 'ankle': 0.089, 'head_top': 0.035, 'head': 0.035, 'neck': 0.079, 'pelvis': 0.107, 'spine': 0.107,
    'hand': 0.062, 'toe': 0.089}  # fmt: skip

# Joints that one set implies for another: target name -> names whose mid-point stands for it.
IMPLIED_JOINTS = {
    'neck': ('left_shoulder', 'right_shoulder'),
    'pelvis': ('left_hip', 'right_hip'),
}
