"""What states, levels and kinds are called."""

from academy.core.i18n import Message, msg
from academy.faculty.contest_kinds import Eligibility
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.kinds import (
    ConsentKind,
    LectureEvidenceKind,
    LectureKind,
    LecturerLevel,
    LectureState,
    PoolState,
    TeachingPart,
)
from academy.faculty.rules import ObligationState

LEVEL_NAMES: dict[LecturerLevel, Message] = {
    LecturerLevel.MUNICIPAL: msg("市级领导"),
    LecturerLevel.COUNTY_FIRST: msg("县级一把手"),
    LecturerLevel.COUNTY: msg("县级领导干部"),
    LecturerLevel.OTHER: msg("其他讲师"),
}
POOL_STATE_NAMES: dict[PoolState, Message] = {
    PoolState.INVITED: msg("已邀请"),
    PoolState.CONFIRMED: msg("在库"),
    PoolState.RESTING: msg("暂停授课"),
    PoolState.LEFT: msg("已出库"),
}
CONSENT_NAMES: dict[ConsentKind, Message] = {
    ConsentKind.TEACH: msg("同意授课"),
    ConsentKind.RECORD: msg("同意录像"),
    ConsentKind.PUBLISH: msg("同意录像上架"),
}
LECTURE_KIND_NAMES: dict[LectureKind, Message] = {
    LectureKind.FORUM: msg("领导干部讲坛"),
    LectureKind.CLASS: msg("培训班课程"),
}
LECTURE_STATE_NAMES: dict[LectureState, Message] = {
    LectureState.PLANNED: msg("已排定"),
    LectureState.HELD: msg("已授课"),
    LectureState.CANCELLED: msg("已取消"),
    LectureState.NO_SHOW: msg("无人到课"),
}
PART_NAMES: dict[TeachingPart, Message] = {
    TeachingPart.PLANNED: msg("待授课"),
    TeachingPart.TAUGHT: msg("授课"),
    TeachingPart.ABSENT: msg("未到"),
    TeachingPart.REPLACED: msg("由他人代课"),
}
EVIDENCE_NAMES: dict[LectureEvidenceKind, Message] = {
    LectureEvidenceKind.ROLL: msg("签到表"),
    LectureEvidenceKind.SHEET: msg("授课登记表"),
    LectureEvidenceKind.RECORDING: msg("课堂录像"),
    LectureEvidenceKind.REPORT: msg("开班报告"),
}
OBLIGATION_NAMES: dict[ObligationState, Message] = {
    ObligationState.OVERDUE: msg("已逾期"),
    ObligationState.SOON: msg("即将到期"),
    ObligationState.OPEN: msg("尚未授课"),
    ObligationState.MET: msg("已完成"),
    ObligationState.SUSPENDED: msg("暂停计时"),
}
EVALUATION_NAMES: dict[EvaluationKind, Message] = {
    EvaluationKind.SELF: msg("自评"),
    EvaluationKind.PARTICIPANTS: msg("他评（学员和同行）"),
    EvaluationKind.FOLLOW_UP: msg("跟评"),
}
ELIGIBILITY_NAMES: dict[Eligibility, Message] = {
    Eligibility.OPEN: msg("还没有审核"),
    Eligibility.ELIGIBLE: msg("参评"),
    Eligibility.INELIGIBLE: msg("不参加"),
}
