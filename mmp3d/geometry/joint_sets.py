"""Names, parents and per-joint sigmas of the joint sets: data only.

A joint has one name in all sets, so that sets convert by name; a joint that another set has elsewhere on the body has a
name of its own. A joint whose parent is itself is a root of the tree. Where a set's own word differs, or its joint lies
a little aside, a comment says so; ``docs/joint_sets.md`` shows them all.

Sigmas are COCO's published per-joint values where COCO has the joint; a joint that COCO lacks takes the value of the
nearest one that it has (neck and clavicle: shoulder, pelvis and spine: hip, head: ear, hand and thumb: wrist, foot,
heel and toes: ankle).
"""

# Order and parents (tree "o1") of the official MuPoTS-3D evaluation. Its neck lies between the shoulders, its spine
# half way between pelvis and neck, its head in the middle of the head.
MUPOTS17_NAMES = (
    'head_top', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist',
    'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'pelvis', 'spine',
    'head')  # fmt: skip
MUPOTS17_PARENTS = (1, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, 14, 14, 1)

# Length of the bone from each MuPoTS-17 joint to its parent in a tall adult, mm, in the order of the names.
MUPOTS17_BONE_LENGTHS = (330, 320, 230, 370, 330, 230, 370, 330, 170, 530, 520, 170, 530, 520, 0, 300, 220)

# Toes are their tips.
MUCO21_NAMES = MUPOTS17_NAMES + ('right_hand', 'left_hand', 'right_toe', 'left_toe')
MUCO21_PARENTS = MUPOTS17_PARENTS + (4, 7, 10, 13)

# Order of the COCO keypoint annotations; a 2D set without root.
COCO17_NAMES = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow',
    'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
    'right_ankle')  # fmt: skip
COCO17_PARENTS = (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14)

# Human3.6M's skeleton of 32 joints; parents as in its metadata.xml. There 'Neck' (elsewhere "thorax") is our neck,
# 'Head' (elsewhere "nose" or "neck base", lower than that of MuPoTS) our head and the end of the head our head top,
# 'ToeBase' our foot. spine_base lies on the pelvis, clavicle_base on the neck, thumb_base on the wrist and hand_end on
# the hand.
H36M32_NAMES = (
    'pelvis', 'right_hip', 'right_knee', 'right_ankle', 'right_foot', 'right_toe', 'left_hip', 'left_knee',
    'left_ankle', 'left_foot', 'left_toe', 'spine_base', 'spine', 'neck', 'head', 'head_top', 'left_clavicle_base',
    'left_shoulder', 'left_elbow', 'left_wrist', 'left_thumb_base', 'left_thumb', 'left_hand', 'left_hand_end',
    'right_clavicle_base', 'right_shoulder', 'right_elbow', 'right_wrist', 'right_thumb_base', 'right_thumb',
    'right_hand', 'right_hand_end')  # fmt: skip
H36M32_PARENTS = (
    0, 0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 0, 11, 12, 13, 14, 12, 16, 17, 18, 19, 20, 19, 22, 12, 24, 25, 26, 27, 28, 27,
    30)  # fmt: skip

# The 17 that are trained and scored, in the order of the 32.
H36M17_NAMES = (
    'pelvis', 'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'spine', 'neck', 'head',
    'head_top', 'left_shoulder', 'left_elbow', 'left_wrist', 'right_shoulder', 'right_elbow',
    'right_wrist')  # fmt: skip
H36M17_PARENTS = (0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)

# 'head_center' is our head. spine0 is next to the neck and spine4 joins the hips; where along the back the five lie
# depends on the figure, so none of them stands for the spine of other sets, nor spine4 for the pelvis.
JTA22_NAMES = (
    'head_top', 'head', 'neck', 'right_clavicle', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_clavicle',
    'left_shoulder', 'left_elbow', 'left_wrist', 'spine0', 'spine1', 'spine2', 'spine3', 'spine4', 'right_hip',
    'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle')  # fmt: skip
JTA22_PARENTS = (1, 2, 11, 2, 3, 4, 5, 2, 7, 8, 9, 12, 13, 14, 15, 15, 15, 16, 17, 15, 19, 20)

# The joints of JTA that LoCO scores: the first 14 of MuPoTS-17.
JTA14_NAMES = MUPOTS17_NAMES[:14]
JTA14_PARENTS = (1, 1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12)

# SMPL's 'spine1', 'spine2', 'spine3' are our lower spine, spine and upper spine, 'collar' our clavicle. Its neck lies
# above the line of the shoulders, its head where the neck meets the skull; its foot is the ball of the foot.
SMPL24_NAMES = (
    'pelvis', 'left_hip', 'right_hip', 'spine_lower', 'left_knee', 'right_knee', 'spine', 'left_ankle', 'right_ankle',
    'spine_upper', 'left_foot', 'right_foot', 'neck', 'left_clavicle', 'right_clavicle', 'head', 'left_shoulder',
    'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hand',
    'right_hand')  # fmt: skip
SMPL24_PARENTS = (0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

# Leeds Sports Pose, on which 3DPW and Human3.6M are scored by methods that predict a mesh.
LSP14_NAMES = (
    'right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle', 'right_wrist', 'right_elbow',
    'right_shoulder', 'left_shoulder', 'left_elbow', 'left_wrist', 'neck', 'head_top')  # fmt: skip
LSP14_PARENTS = (1, 2, 12, 12, 3, 4, 7, 8, 12, 12, 9, 10, 12, 12)

# CMU Panoptic's 'coco19'. 'BodyCenter' is our pelvis, the middle of the hips. On each side the eye comes before the
# ear; lists with both eyes before both ears follow an older description, not the files.
PANOPTIC19_NAMES = (
    'neck', 'nose', 'pelvis', 'left_shoulder', 'left_elbow', 'left_wrist', 'left_hip', 'left_knee', 'left_ankle',
    'right_shoulder', 'right_elbow', 'right_wrist', 'right_hip', 'right_knee', 'right_ankle', 'left_eye', 'left_ear',
    'right_eye', 'right_ear')  # fmt: skip
PANOPTIC19_PARENTS = (2, 0, 2, 0, 3, 4, 2, 6, 7, 0, 9, 10, 2, 12, 13, 1, 15, 1, 17)

# OpenPose's 'BODY_25'; 'MidHip' is our pelvis.
OPENPOSE25_NAMES = (
    'nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist',
    'pelvis', 'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'right_eye',
    'left_eye', 'right_ear', 'left_ear', 'left_big_toe', 'left_small_toe', 'left_heel', 'right_big_toe',
    'right_small_toe', 'right_heel')  # fmt: skip
OPENPOSE25_PARENTS = (1, 8, 1, 2, 3, 1, 5, 6, 8, 8, 9, 10, 8, 12, 13, 0, 0, 15, 16, 14, 14, 14, 11, 11, 11)

# OpenPose's 'COCO': COCO-17 in another order, with a neck.
OPENPOSE18_NAMES = (
    'nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist',
    'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'right_eye', 'left_eye',
    'right_ear', 'left_ear')  # fmt: skip
OPENPOSE18_PARENTS = (1, 1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12, 0, 0, 14, 15)

# Halpe's body and feet, the first 26 of its full body too: COCO-17, then 'Head' (its top), 'Neck', 'Hip' (our pelvis).
HALPE26_NAMES = COCO17_NAMES + (
    'head_top', 'neck', 'pelvis', 'left_big_toe', 'right_big_toe', 'left_small_toe', 'right_small_toe', 'left_heel',
    'right_heel')  # fmt: skip
HALPE26_PARENTS = (18, 0, 0, 1, 2, 18, 18, 5, 6, 7, 8, 19, 19, 11, 12, 13, 14, 0, 19, 19, 15, 16, 15, 16, 15, 16)

SIGMAS = {
    'nose': 0.026, 'eye': 0.025, 'ear': 0.035, 'shoulder': 0.079, 'elbow': 0.072, 'wrist': 0.062, 'hip': 0.107,
    'knee': 0.087, 'ankle': 0.089, 'head_top': 0.035, 'head': 0.035, 'neck': 0.079, 'clavicle': 0.079,
    'clavicle_base': 0.079, 'pelvis': 0.107, 'spine': 0.107, 'spine_base': 0.107, 'spine_lower': 0.107,
    'spine_upper': 0.107, 'spine0': 0.107, 'spine1': 0.107, 'spine2': 0.107, 'spine3': 0.107, 'spine4': 0.107,
    'hand': 0.062, 'hand_end': 0.062, 'thumb': 0.062, 'thumb_base': 0.062, 'foot': 0.089, 'toe': 0.089,
    'big_toe': 0.089, 'small_toe': 0.089, 'heel': 0.089}  # fmt: skip

# Joints that one set implies for another: target name -> names whose mid-point stands for it.
IMPLIED_JOINTS = {
    'neck': ('left_shoulder', 'right_shoulder'),
    'pelvis': ('left_hip', 'right_hip'),
}
