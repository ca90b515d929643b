"""Who may call what: every route by every role, written down apart from the declarations of the routes, so that
a declaration that lets somebody in by mistake is found. tests/contracts/test_access_matrix.py calls every cell with
real things behind the ids. Nothing of the application reads this.

    .  refused, as if there were nothing (nobody: asked to sign in)
    *  let in, whatever the id names
    +  let in for what stands in one's own subtree; refused for a sibling's and for what stands above
    ^  let in for one's own subtree and for what stands above it; refused for a sibling's
    o  let in for one's own; refused for somebody else's in the same branch

A row is: method, address, kind of thing behind the ids (`access_kinds.KINDS`), one mark a role.
One route may have several rows, for several kinds. `SENT` says what a call carries beside the address, `SAFEGUARDS` how
what a route takes away is made safe.
"""

from dataclasses import dataclass
from typing import Any

from academy.core.actor import Role

COLUMNS = {
    "NO": "nobody",
    "ME": Role.MEMBER,
    "BS": Role.BRANCH_SECRETARY,
    "TR": Role.TRAINER,
    "RV": Role.REVIEWER,
    "NA": Role.NODE_ADMINISTRATOR,
    "RO": Role.ROSTER_OFFICER,
    "SO": Role.SECURITY_OFFICER,
    "AU": Role.AUDITOR,
    "SA": Role.SYSTEM_ADMINISTRATOR,
}
MARKS = ".*+^o"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    address: str
    kind: str
    marks: dict[str, str]
    """Role → mark."""

    def __str__(self) -> str:
        return f"{self.method:<6} {self.address:<62} {self.kind:<12} {'  '.join(self.marks.values())}"


def rows() -> list[Row]:
    """The table, read."""
    return [_row(line) for line in MATRIX.strip().splitlines() if not line.startswith("#")]


def _row(line: str) -> Row:
    method, *address, kind = (words := line.split())[: -len(COLUMNS)]
    marks = words[-len(COLUMNS) :]
    assert all(mark in MARKS for mark in marks), line
    return Row(method, " ".join(address), kind, dict(zip(COLUMNS.values(), marks, strict=True)))


MATRIX = """
#                                                                                  NO ME BS TR RV NA RO SO AU SA
GET    /                                                              nothing      .  *  *  *  *  *  *  *  *  *
GET    /activate                                                      nothing      *  *  *  *  *  *  *  *  *  *
POST   /activate                                                      nothing      *  *  *  *  *  *  *  *  *  *
POST   /activate/sms                                                  nothing      *  *  *  *  *  *  *  *  *  *
GET    /api/v1/health                                                 nothing      *  *  *  *  *  *  *  *  *  *
GET    /api/v1/jobs/<public_id>                                       job          .  o  o  o  o  o  o  o  o  o
PUT    /api/v1/media/<asset_id>/cues                                  asset        .  .  .  o  .  o  .  .  .  *
GET    /api/v1/openapi.json                                           nothing      *  *  *  *  *  *  *  *  *  *
POST   /api/v1/offline/contact                                         nothing      .  *  *  *  *  *  *  *  *  *
POST   /api/v1/offline/lectures                                        item         .  *  *  *  *  *  *  *  *  *
POST   /api/v1/progress/heartbeats                                    nothing      *  *  *  *  *  *  *  *  *  *
GET    /api/v1/progress/evidence/<member>/<item>                      evidence     .  .  .  .  .  +  .  .  +  .
GET    /api/v1/progress/evidence/<member>/<item>                      own_evidence .  *  *  *  *  *  *  *  *  *
GET    /api/v1/progress/items/<public_id>                             item         .  *  *  *  *  *  *  *  *  *
POST   /api/v1/progress/leases                                        item         .  *  *  *  *  *  *  *  *  *
POST   /api/v1/progress/leases/<public_id>/end                        lease        .  o  o  o  o  o  o  o  o  o
GET    /api/v1/progress/metrics                                       nothing      .  .  .  .  .  .  .  .  .  *
POST   /api/v1/roster/changes                                         nothing      .  .  .  .  .  *  *  .  .  .
GET    /api/v1/session                                                nothing      .  *  *  *  *  *  *  *  *  *
POST   /api/v1/talk/clips                                             item         .  *  *  *  *  *  *  *  *  *
PUT    /api/v1/talk/notes/<key>                                       talk         .  *  *  *  *  *  *  *  *  *
DELETE /api/v1/talk/notes/<key>                                       note         .  o  o  o  o  o  o  o  o  o
POST   /api/v1/talk/questions                                         item         .  *  *  *  *  *  *  *  *  *
OPTIONS /api/v1/uploads                                                nothing      *  *  *  *  *  *  *  *  *  *
POST   /api/v1/uploads                                                nothing      .  .  .  *  .  *  .  .  .  *
DELETE /api/v1/uploads/<id:public_id>                                 upload       .  .  .  o  .  o  .  .  .  o
HEAD   /api/v1/uploads/<id:public_id>                                 upload       .  .  .  o  .  o  .  .  .  o
PATCH  /api/v1/uploads/<id:public_id>                                 upload       .  .  .  o  .  o  .  .  .  o
GET    /api/v1/uploads/known                                          nothing      .  .  .  *  .  *  .  .  .  *
GET    /api/v1/uploads/unfinished                                     nothing      .  .  .  *  .  *  .  .  .  *
GET    /audit                                                         nothing      .  .  .  .  .  .  .  .  *  .
GET    /audit/export                                                  nothing      .  .  .  .  .  .  .  .  *  .
GET    /calendar/<token>.ics                                          calendar     *  *  *  *  *  *  *  *  *  *
GET    /calendar/<token>/forum.ics                                    calendar     *  *  *  *  *  *  *  *  *  *
GET    /calendar/<token>/teaching.ics                                 calendar     *  *  *  *  *  *  *  *  *  *
GET    /calendar/<token>/classes/<public_id>.ics                      calendar     *  *  *  *  *  *  *  *  *  *
GET    /clips/<public_id>                                             clip         .  *  *  *  *  *  *  *  *  *
GET    /complaints                                                    nothing      .  *  *  *  *  *  *  *  *  *
GET    /complaints/<public_id>                                        complaint    .  .  .  .  +  +  .  .  .  .
GET    /complaints/<public_id>                                        word         .  o  o  o  *  *  o  o  o  o
POST   /complaints/<public_id>                                        complaint    .  .  .  .  +  +  .  .  .  .
GET    /complaints/box                                                nothing      .  .  .  .  *  *  .  .  .  .
GET    /complaints/new                                                nothing      .  *  *  *  *  *  *  *  *  *
POST   /complaints/new                                                nothing      .  *  *  *  *  *  *  *  *  *
GET    /cohorts                                                       nothing      .  .  .  .  .  *  *  .  .  .
POST   /cohorts                                                       organisation .  .  .  .  .  +  +  .  .  .
GET    /cohorts/<public_id>                                           cohort       .  .  .  .  .  +  +  .  .  .
POST   /cohorts/<public_id>                                           cohort       .  .  .  .  .  +  +  .  .  .
GET    /corrections                                                   nothing      .  .  .  .  .  *  .  .  .  .
POST   /corrections/<public_id>                                       correction   .  .  .  .  .  +  .  .  .  .
GET    /consent                                                       nothing      *  *  *  *  *  *  *  *  *  *
POST   /consent                                                       nothing      .  *  *  *  *  *  *  *  *  *
POST   /consent/withdraw                                              nothing      .  *  *  *  *  *  *  *  *  *
GET    /coverage                                                      nothing      .  .  *  .  .  *  .  .  *  .
GET    /coverage/<training>/<organisation>                            coverage     .  .  +  .  .  +  .  .  +  .
GET    /coverage/<training>/<organisation>/calls                      coverage     .  .  +  .  .  +  .  .  .  .
GET    /coverage/<training>/<organisation>/names                      coverage     .  .  +  .  .  +  .  .  +  .
GET    /coverage/<training>/<organisation>/remind                     coverage     .  .  +  .  .  +  .  .  .  .
POST   /coverage/<training>/<organisation>/remind                     coverage     .  .  +  .  .  +  .  .  .  .
GET    /coverage/<training>/<organisation>/statistics                 coverage     .  .  +  .  .  +  .  .  +  .
GET    /data-requests                                                 nothing      .  .  .  .  .  *  *  .  .  .
POST   /data-requests/<public_id>                                     request      .  .  .  .  .  +  +  .  .  .
GET    /desk                                                          nothing      .  .  *  .  .  *  .  .  .  .
GET    /desk/<organisation>                                           organisation .  .  +  .  .  +  .  .  .  .
POST   /desk/<organisation>/slips                                     organisation .  .  +  .  .  +  +  .  .  .
GET    /display                                                       nothing      *  *  *  *  *  *  *  *  *  *
POST   /display                                                       nothing      *  *  *  *  *  *  *  *  *  *
POST   /display/elder                                                 nothing      *  *  *  *  *  *  *  *  *  *
POST   /display/language                                              nothing      *  *  *  *  *  *  *  *  *  *
GET    /design                                                        nothing      .  .  .  .  .  .  .  .  .  .
GET    /exemptions                                                    nothing      .  .  .  .  .  *  .  .  .  .
POST   /exemptions/<public_id>                                        exemption    .  .  .  .  .  +  .  .  .  .
GET    /exports                                                       nothing      .  .  *  .  .  *  .  .  *  .
POST   /exports                                                       coverage     .  .  +  .  .  +  .  .  +  .
GET    /exports/<public_id>/file                                      export       .  .  o  .  .  o  .  .  o  .
GET    /faculty/topics                                                nothing      .  .  .  .  .  *  .  .  .  .
GET    /faculty/topics/<public_id>                                    topic        .  .  .  .  .  *  .  .  .  .
POST   /faculty/topics/<public_id>                                    topic        .  .  .  .  .  .  .  .  .  .
GET    /faculty/topics/<public_id>/merge                              topic        .  .  .  .  .  .  .  .  .  .
POST   /faculty/topics/<public_id>/merge                              topic        .  .  .  .  .  .  .  .  .  .
GET    /grants                                                        nothing      .  .  .  .  .  *  .  *  .  .
POST   /grants                                                        nothing      .  .  .  .  .  *  .  *  .  .
POST   /grants/<public_id>/revoke                                     grant        .  .  .  .  .  +  .  +  .  .
POST   /grants/code                                                   nothing      .  .  .  .  .  .  .  *  .  .
POST   /grants/second-step                                            nothing      .  .  .  .  .  .  .  *  .  .
POST   /grants/second-step/refuse                                     nothing      .  .  .  .  .  .  .  *  .  .
POST   /grants/sign-out                                               nothing      .  .  .  .  .  *  .  *  .  .
GET    /learn/<item_public_id>                                        item         .  *  *  *  *  *  *  *  *  *
GET    /learn/<item_public_id>/after                                  item         .  *  *  *  *  *  *  *  *  *
GET    /learn/<item_public_id>/pages/<int:number>                     item         .  *  *  *  *  *  *  *  *  *
GET    /learn/<item_public_id>/recut                                  item         .  .  .  .  +  +  .  .  .  .
POST   /learn/<item_public_id>/recut                                  item         .  .  .  .  +  +  .  .  .  .
GET    /library                                                       nothing      .  *  *  *  *  *  *  *  *  *
GET    /library/<public_id>                                           course       .  *  *  *  *  *  *  *  *  *
GET    /library/categories                                            nothing      .  .  .  .  .  .  .  .  .  *
POST   /library/categories                                            nothing      .  .  .  .  .  .  .  .  .  *
GET    /help                                                          nothing      *  *  *  *  *  *  *  *  *  *
GET    /help/<key>                                                    help         *  *  *  *  *  *  *  *  *  *
POST   /help/leave                                                    nothing      *  *  *  *  *  *  *  *  *  *
POST   /learn/<item_public_id>/clips                                  item         .  *  *  *  *  *  *  *  *  *
POST   /learn/<item_public_id>/notes                                  item         .  *  *  *  *  *  *  *  *  *
POST   /learn/<item_public_id>/questions                              item         .  *  *  *  *  *  *  *  *  *
GET    /learn/<item_public_id>/talk                                   item         .  *  *  *  *  *  *  *  *  *
GET    /lecturers                                                     nothing      .  *  *  *  *  *  *  *  *  *
GET    /lecturers/<public_id>                                         lecturer     .  *  *  *  *  *  *  *  *  *
POST   /lecturers/<public_id>                                         lecturer     .  .  .  .  .  .  .  .  .  *
POST   /lecturers/<public_id>/portrait                                lecturer     .  .  .  .  .  .  .  .  .  *
POST   /library/<public_id>/favourite                                 course       .  *  *  *  *  *  *  *  *  *
GET    /m/<digest>/<int:expires>/<asset_id>/<generation>/<path:file>  link         *  *  *  *  *  *  *  *  *  *
GET    /me                                                            nothing      .  *  *  *  *  *  *  *  *  *
GET    /me/data                                                       nothing      .  *  *  *  *  *  *  *  *  *
GET    /me/devices                                                    nothing      .  *  *  *  *  *  *  *  *  *
GET    /me/data/copy                                                  nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/data/requests                                              nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/data/requests/<public_id>/cancel                           wish         .  o  o  o  o  o  o  o  o  o
POST   /me/devices/<public_id>/end                                    device       .  o  o  o  o  o  o  o  o  o
GET    /me/notifications                                              nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/notifications                                              nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/notifications/calendar                                     nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/notifications/mail                                         nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/password                                                   nothing      .  *  *  *  *  *  *  *  *  *
GET    /me/second-step                                                nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/second-step                                                nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/second-step/paper                                          nothing      .  *  *  *  *  *  *  *  *  *
POST   /me/second-step/replace                                        nothing      .  *  *  *  *  *  *  *  *  *
POST   /media/<asset_id>/captions                                     asset        .  .  .  o  .  o  .  .  .  *
GET    /media/<asset_id>/chapters                                     asset        .  .  .  o  .  o  .  .  .  *
POST   /media/<asset_id>/chapters                                     asset        .  .  .  o  .  o  .  .  .  *
POST   /media/<asset_id>/help                                         asset        .  .  .  o  .  o  .  .  .  *
POST   /media/<asset_id>/retry                                        asset        .  .  .  o  .  o  .  .  .  *
GET    /media/<asset_id>/steps                                        asset        .  .  .  o  .  o  .  .  .  *
POST   /media/upload                                                  nothing      .  .  .  *  .  *  .  .  .  *
GET    /members/<public_id>                                           member       .  .  +  .  .  +  +  .  .  .
POST   /members/<public_id>                                           member       .  .  .  .  .  +  +  .  .  .
POST   /members/<public_id>/code                                      member       .  .  +  .  .  +  +  .  .  .
GET    /members/<public_id>/corrections                               member       .  .  +  .  .  +  .  .  .  .
POST   /members/<public_id>/corrections                               member       .  .  +  .  .  +  .  .  .  .
GET    /members/<public_id>/exemptions/new                            member       .  .  +  .  .  +  +  .  .  .
POST   /members/<public_id>/exemptions/new                            member       .  .  +  .  .  +  +  .  .  .
POST   /members/<public_id>/lift                                      member       .  .  .  .  .  +  +  .  .  .
GET    /members/<public_id>/phone                                     member       .  .  +  .  .  +  .  .  .  .
GET    /members/<public_id>/preview                                   member       .  .  .  .  .  +  +  .  .  .
POST   /members/<public_id>/undo                                      member       .  .  .  .  .  +  +  .  .  .
GET    /my/favourites                                                 nothing      .  *  *  *  *  *  *  *  *  *
GET    /my/notes                                                      nothing      .  *  *  *  *  *  *  *  *  *
GET    /my/notes/<key>                                                note         .  o  o  o  o  o  o  o  o  o
POST   /my/notes/<key>                                                note         .  o  o  o  o  o  o  o  o  o
GET    /my/questions                                                  nothing      .  *  *  *  *  *  *  *  *  *
GET    /my/offline/<item_public_id>                                   item         .  *  *  *  *  *  *  *  *  *
GET    /my/record                                                     nothing      .  *  *  *  *  *  *  *  *  *
GET    /my/record/<int:year>/print                                    year         .  *  *  *  *  *  *  *  *  *
GET    /my/trainings                                                  nothing      .  *  *  *  *  *  *  *  *  *
GET    /manifest.webmanifest                                          nothing      *  *  *  *  *  *  *  *  *  *
GET    /offline                                                       nothing      *  *  *  *  *  *  *  *  *  *
GET    /service-worker.js                                             nothing      *  *  *  *  *  *  *  *  *  *
GET    /notifications                                                 nothing      .  *  *  *  *  *  *  *  *  *
GET    /notifications/mail/<token>                                    confirmation *  *  *  *  *  *  *  *  *  *
POST   /notifications/mail/<token>                                    confirmation *  *  *  *  *  *  *  *  *  *
GET    /notifications/out/<token>                                     way_out      *  *  *  *  *  *  *  *  *  *
POST   /notifications/out/<token>                                     way_out      *  *  *  *  *  *  *  *  *  *
GET    /notifications/preview                                         nothing      .  .  *  .  .  *  .  .  .  *
GET    /resubmit                                                      nothing      .  *  *  *  *  *  *  *  *  *
POST   /notifications/<public_id>/open                                notification .  o  o  o  o  o  o  o  o  o
POST   /notifications/read                                            nothing      .  *  *  *  *  *  *  *  *  *
GET    /o/<token>                                                     way_out      *  *  *  *  *  *  *  *  *  *
POST   /o/<token>                                                     way_out      *  *  *  *  *  *  *  *  *  *
GET    /organisations                                                 nothing      .  .  *  .  .  *  *  .  .  .
GET    /organisations/<public_id>                                     organisation .  .  +  .  .  +  +  .  .  .
GET    /organisations/<public_id>/change                              organisation .  .  .  .  .  +  .  .  .  .
POST   /organisations/<public_id>/change                              organisation .  .  .  .  .  +  .  .  .  .
GET    /organisations/<public_id>/members/new                         organisation .  .  .  .  .  +  +  .  .  .
POST   /organisations/<public_id>/members/new                         organisation .  .  .  .  .  +  +  .  .  .
GET    /faculty                                                       nothing      .  .  .  .  .  *  .  .  .  .
GET    /faculty/new                                                   nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/new                                                   nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/lecturers/<public_id>                                 pool         .  .  .  .  .  +  .  .  .  .
POST   /faculty/lecturers/<public_id>                                 pool         .  .  .  .  .  .  .  .  .  .
GET    /faculty/obligations                                           nothing      .  .  .  .  .  *  .  .  .  .
GET    /faculty/obligations/rules                                     nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/obligations/rules                                     nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures                                              nothing      .  .  .  .  .  *  .  .  .  .
GET    /faculty/lectures/new                                          nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/lectures/new                                          nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures/<public_id>                                  taught       .  .  .  .  .  +  .  .  .  .
POST   /faculty/lectures/<public_id>                                  taught       .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures/<public_id>/edit                             taught       .  .  .  .  .  .  .  .  .  .
POST   /faculty/lectures/<public_id>/edit                             taught       .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures/<public_id>/life                             taught       .  .  .  .  .  +  .  .  .  .
GET    /faculty/lectures/<public_id>/make-up                          taught       .  .  .  .  .  .  .  .  .  .
POST   /faculty/lectures/<public_id>/make-up                          taught       .  .  .  .  .  .  .  .  .  .
GET    /faculty/hours                                                 nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/hours/<term>                                          teaching_term .  .  .  .  .  .  .  .  .  .
GET    /faculty/hours/<term>/lectures                                 teaching_term .  .  .  .  .  .  .  .  .  .
GET    /faculty/reports                                               nothing      .  .  .  .  .  *  .  .  .  .
GET    /faculty/reports/<organisation>                                organisation .  .  .  .  .  +  .  .  .  .
GET    /faculty/reports/<organisation>/<kind>                         programme_list .  .  .  .  .  +  .  .  .  .
POST   /faculty/reports/<organisation>/<kind>                         programme_list .  .  .  .  .  +  .  .  .  .
GET    /faculty/terms                                                 nothing      .  .  .  .  .  *  .  .  .  .
POST   /faculty/terms                                                 nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/terms/<public_id>                                     teaching_term .  .  .  .  .  *  .  .  .  .
POST   /faculty/terms/<public_id>                                     teaching_term .  .  .  .  .  .  .  .  .  .
GET    /faculty/holidays/new                                          nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/holidays/new                                          nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/holidays/<public_id>                                  holiday      .  .  .  .  .  .  .  .  .  .
POST   /faculty/holidays/<public_id>                                  holiday      .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes                                               nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/new                                           nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/new                                           nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>                                   training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/edit                              training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/edit                              training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/enrol                             training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/enrol                             training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/close                             training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/close                             training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/groups                            training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/groups                            training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/turns                             training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/turns                             training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/applications                      training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/applications                      training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/state                             training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/enrol/apply                       training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/people/<member>                   training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/people/<member>                   training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/groups/<group_id>                 training_class .  .  .  .  .  .  .  .  .  .
POST   /faculty/classes/<public_id>/groups/<group_id>                 training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/turns/people                      training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/timetable                         training_class .  .  .  .  .  .  .  .  .  .
GET    /faculty/classes/<public_id>/absent/<lecture_id>               training_class .  .  .  .  .  .  .  .  .  .
GET    /forum                                                         nothing      .  *  *  *  *  *  *  *  *  *
GET    /my/classes                                                    nothing      .  *  *  *  *  *  *  *  *  *
GET    /my/classes/<public_id>                                        own_class    .  o  o  o  o  o  o  o  o  o
POST   /my/classes/<public_id>                                        own_class    .  o  o  o  o  o  o  o  o  o
GET    /faculty/sheets                                                nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/sheets                                                nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/sheets/apply                                          nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/sheets/pool.xlsx                                      nothing      .  .  .  .  .  *  .  .  .  .
GET    /faculty/sheets/template.xlsx                                  nothing      .  .  .  .  .  *  .  .  .  .
GET    /contests                                                      nothing      .  .  .  .  .  *  .  .  .  .
POST   /contests                                                      nothing      .  .  .  .  .  .  .  .  .  .
GET    /contests/<public_id>                                          contest      .  *  *  *  *  *  *  *  *  *
GET    /contests/<public_id>                                          scored_contest .  .  .  .  .  .  .  .  .  .
POST   /contests/<public_id>                                          contest      .  .  .  .  .  .  .  .  .  .
POST   /contests/<public_id>/nominations/<nomination>                 contest      .  .  .  .  .  .  .  .  .  .
POST   /contests/<public_id>/objections                               contest      .  *  *  *  *  *  *  *  *  *
POST   /contests/<public_id>/objections/<objection>                   contest      .  .  .  .  .  .  .  .  .  .
GET    /evaluations                                                   nothing      .  *  *  *  *  *  *  *  *  *
GET    /evaluations/<public_id>                                       evaluation   .  o  o  o  o  o  o  o  o  o
POST   /evaluations/<public_id>                                       evaluation   .  o  o  o  o  o  o  o  o  o
GET    /faculty/comments                                              nothing      .  .  .  .  .  .  .  .  .  .
POST   /faculty/comments/<comment_id>                                 evaluation_comment .  .  .  .  .  .  .  .  .  .
GET    /faculty/evaluation-forms                                      nothing      .  .  .  .  .  *  .  .  .  .
POST   /faculty/evaluation-forms                                      nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures/<public_id>/results                          taught       .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures/<public_id>/roll                             taught       .  .  .  .  .  +  .  .  .  .
POST   /faculty/lectures/<public_id>/roll                             taught       .  .  .  .  .  .  .  .  .  .
GET    /faculty/lectures/<public_id>/roll/code                        taught       .  .  .  .  .  .  .  .  .  .
POST   /notes                                                         contest      .  .  .  .  .  .  .  .  .  .
GET    /notes/<number>.<kind>                                         personnel_note .  .  .  .  .  .  .  .  .  .
POST   /notes/<number>/revoke                                         personnel_note .  .  .  .  .  .  .  .  .  .
GET    /notes/check                                                   nothing      *  *  *  *  *  *  *  *  *  *
POST   /notes/check                                                   nothing      *  *  *  *  *  *  *  *  *  *
GET    /roll/<public_id>                                              taught_today .  *  *  *  *  *  *  *  *  *
POST   /roll/<public_id>                                              taught_today .  *  *  *  *  *  *  *  *  *
GET    /faculty/material                                              nothing      .  .  .  .  *  *  .  .  .  .
POST   /faculty/material                                              nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/material/<version_id>                                 material     .  .  .  .  .  .  .  .  .  .
POST   /faculty/material/<version_id>                                 material     .  .  .  .  .  .  .  .  .  .
POST   /faculty/material/<version_id>/comments                        material     .  .  .  .  .  .  .  .  .  .
POST   /faculty/material/comments/<comment_id>                        material     .  .  .  .  .  .  .  .  .  .
GET    /lectures/<public_id>                                          taught       .  *  *  *  *  *  *  *  *  *
GET    /lectures/<public_id>/<any(syllabus, handout):kind>            material     .  *  *  *  *  *  *  *  *  *
GET    /studio/recordings                                             nothing      .  .  .  *  .  .  .  .  .  .
POST   /studio/recordings/<public_id>                                 taught       .  .  .  .  .  .  .  .  .  .
POST   /teaching/consent                                              nothing      .  .  .  .  .  .  .  .  .  .
GET    /teaching                                                      nothing      .  *  *  *  *  *  *  *  *  *
GET    /teaching/<public_id>/<any(syllabus, handout):kind>            material     .  .  .  .  .  .  .  .  .  .
POST   /teaching/<public_id>/<any(syllabus, handout):kind>            material     .  .  .  .  .  .  .  .  .  .
POST   /teaching/comments/<comment_id>                                material     .  .  .  .  .  .  .  .  .  .
GET    /faculty/plans                                                 nothing      .  .  .  .  .  *  .  .  .  .
POST   /faculty/plans                                                 nothing      .  .  .  .  .  .  .  .  .  .
GET    /faculty/plans/<public_id>                                     plan         .  .  .  .  .  .  .  .  .  .
POST   /faculty/plans/<public_id>                                     plan         .  .  .  .  .  .  .  .  .  .
POST   /faculty/plans/<public_id>/rulings                             plan         .  .  .  .  .  .  .  .  .  .
POST   /faculty/plans/<public_id>/rulings/<ruling_id>                 plan         .  .  .  .  .  .  .  .  .  .
GET    /faculty/plans/<plan_id>/assignments/<assignment_id>           assignment   .  .  .  .  .  .  .  .  .  .
POST   /faculty/plans/<plan_id>/assignments/<assignment_id>           assignment   .  .  .  .  .  .  .  .  .  .
POST   /faculty/plans/<plan_id>/assignments/<assignment_id>/answer    assignment   .  .  .  .  .  .  .  .  .  .
GET    /a/<token>                                                     answer_link  *  *  *  *  *  *  *  *  *  *
POST   /a/<token>                                                     answer_link  *  *  *  *  *  *  *  *  *  *
GET    /organisations/<public_id>/merge                               organisation .  .  .  .  .  +  .  .  .  .
POST   /organisations/<public_id>/merge                               organisation .  .  .  .  .  +  .  .  .  .
POST   /organisations/<public_id>/merge/undo                          organisation .  .  .  .  .  +  .  .  .  .
GET    /organisations/<public_id>/new                                 organisation .  .  .  .  .  +  .  .  .  .
POST   /organisations/<public_id>/new                                 organisation .  .  .  .  .  +  .  .  .  .
GET    /organisations/<public_id>/past                                organisation .  .  +  .  .  +  +  .  .  .
GET    /pick/courses                                                  nothing      .  *  *  *  *  *  *  *  *  *
GET    /pick/lecturers                                                nothing      .  .  .  *  .  .  .  .  .  .
GET    /pick/organisations/<organisation>                             organisation .  .  .  .  .  +  .  .  .  .
GET    /questions                                                     nothing      .  .  .  *  *  *  .  .  .  .
GET    /questions/<public_id>                                         question     .  .  .  +  +  +  .  .  .  .
POST   /questions/<public_id>                                         question     .  .  .  +  +  +  .  .  .  .
GET    /reports                                                       nothing      .  .  *  .  .  *  .  .  *  .
GET    /reports/<organisation>/<kind>                                  report       .  .  +  .  .  +  .  .  +  .
POST   /reports/<organisation>/<kind>                                  report       .  .  +  .  .  +  .  .  +  .
GET    /review                                                        nothing      .  .  .  .  *  .  .  .  .  .
GET    /review/<public_id>                                            submitted    .  .  .  .  +  .  .  .  .  .
POST   /review/<public_id>                                            submitted    .  .  .  .  +  .  .  .  .  .
POST   /review/<public_id>/comments                                   submitted    .  .  .  .  +  .  .  .  .  .
POST   /review/<public_id>/comments/<comment_id>                      commented    .  .  .  .  +  .  .  .  .  .
GET    /review/proposals                                              nothing      .  .  .  .  *  .  .  .  .  .
GET    /review/proposals/<proposal_id>                                proposal     .  .  .  .  +  .  .  .  .  .
POST   /review/proposals/<proposal_id>                                proposal     .  .  .  .  +  .  .  .  .  .
GET    /rosters                                                       nothing      .  .  .  .  .  *  *  .  .  .
POST   /rosters                                                       nothing      .  .  .  .  .  *  *  .  .  .
GET    /rosters/<public_id>                                           received     .  .  .  .  .  +  +  .  .  .
POST   /rosters/<public_id>/apply                                     received     .  .  .  .  .  +  +  .  .  .
POST   /rosters/<public_id>/columns                                   received     .  .  .  .  .  +  +  .  .  .
POST   /rosters/<public_id>/discard                                   received     .  .  .  .  .  +  +  .  .  .
GET    /rosters/<public_id>/mend.csv                                  received     .  .  .  .  .  +  +  .  .  .
GET    /rosters/<public_id>/mend.xlsx                                 received     .  .  .  .  .  +  +  .  .  .
POST   /rosters/<public_id>/mended                                    received     .  .  .  .  .  +  +  .  .  .
GET    /rosters/template.xlsx                                         nothing      .  .  .  .  .  *  *  .  .  .
GET    /screen/<code>                                                 screen       .  *  *  *  *  *  *  *  *  *
POST   /screen/<code>                                                 screen       .  *  *  *  *  *  *  *  *  *
GET    /search                                                        nothing      .  *  *  *  *  *  *  *  *  *
GET    /search/asked                                                  nothing      .  .  .  *  *  .  .  .  .  *
GET    /search/in/<item_public_id>                                    item         .  *  *  *  *  *  *  *  *  *
GET    /search/suggest                                                nothing      .  *  *  *  *  *  *  *  *  *
GET    /search/terms                                                  nothing      .  .  .  *  *  .  .  .  .  *
POST   /search/terms                                                  nothing      .  .  .  *  *  .  .  .  .  *
POST   /search/terms/misheard/<public_id>/remove                      misheard     .  .  .  *  *  .  .  .  .  *
POST   /search/terms/<int:term_id>/remove                             term         .  .  .  *  *  .  .  .  .  *
GET    /sectors                                                       nothing      .  .  .  .  .  .  .  .  .  *
POST   /sectors                                                       nothing      .  .  .  .  .  .  .  .  .  *
GET    /sign-in                                                       nothing      *  *  *  *  *  *  *  *  *  *
POST   /sign-in                                                       nothing      *  *  *  *  *  *  *  *  *  *
POST   /sign-in/again                                                 nothing      *  *  *  *  *  *  *  *  *  *
GET    /sign-in/code                                                  nothing      *  *  *  *  *  *  *  *  *  *
POST   /sign-in/code                                                  nothing      *  *  *  *  *  *  *  *  *  *
GET    /sign-in/screen                                                nothing      *  *  *  *  *  *  *  *  *  *
POST   /sign-in/screen                                                nothing      *  *  *  *  *  *  *  *  *  *
POST   /sign-out                                                      nothing      .  *  *  *  *  *  *  *  *  *
GET    /sso/begin                                                     nothing      .  .  .  .  .  .  .  .  .  .
GET    /sso/callback                                                  nothing      *  *  *  *  *  *  *  *  *  *
GET    /static/<path:filename>                                        nothing      *  *  *  *  *  *  *  *  *  *
GET    /studio                                                        nothing      .  .  .  *  .  .  .  .  .  .
GET    /studio/<public_id>                                            draft        .  .  .  o  .  .  .  .  .  .
POST   /studio/<public_id>                                            draft        .  .  .  o  .  .  .  .  .  .
POST   /studio/<public_id>/comments/<comment_id>                      own_comment  .  .  .  o  .  .  .  .  .  .
POST   /studio/<public_id>/cover                                      draft        .  .  .  o  .  .  .  .  .  .
POST   /studio/<public_id>/do                                         draft        .  .  .  o  .  .  .  .  .  .
POST   /studio/<public_id>/items                                      draft        .  .  .  o  .  .  .  .  .  .
GET    /studio/<public_id>/items/<item_id>                            draft        .  .  .  o  .  .  .  .  .  .
POST   /studio/<public_id>/items/<item_id>                            draft        .  .  .  o  .  .  .  .  .  .
GET    /studio/captions/<asset_id>                                    asset        .  .  .  o  .  o  .  .  .  *
GET    /studio/captions/<asset_id>/download.<kind>                    asset        .  .  .  o  .  o  .  .  .  *
GET    /studio/captions/<asset_id>/versions/<number>                  asset        .  .  .  o  .  o  .  .  .  *
POST   /studio/captions/<asset_id>/recognise                          asset        .  .  .  o  .  o  .  .  .  *
POST   /studio/captions/<asset_id>/text                               asset        .  .  .  o  .  o  .  .  .  *
POST   /studio/captions/<asset_id>/timed                              asset        .  .  .  o  .  o  .  .  .  *
POST   /studio/captions/<asset_id>/withdraw                           asset        .  .  .  o  .  o  .  .  .  *
POST   /studio/captions/<asset_id>/restore                            asset        .  .  .  o  .  o  .  .  .  *
POST   /studio/captions/<asset_id>/terms                              asset        .  .  .  o  .  o  .  .  .  *
GET    /studio/failures                                               nothing      .  .  .  *  .  *  .  .  .  *
GET    /studio/files                                                  nothing      .  .  .  *  .  *  .  .  .  *
POST   /studio/files/<asset_id>/remove                                asset        .  .  .  o  .  o  .  .  .  *
GET    /studio/new                                                    nothing      .  .  .  *  .  .  .  .  .  .
POST   /studio/new                                                    nothing      .  .  .  *  .  .  .  .  .  .
GET    /system/deliveries                                             nothing      .  .  .  .  .  .  .  .  .  *
POST   /system/deliveries/<public_id>/retry                           undelivered  .  .  .  .  .  .  .  .  .  *
GET    /system/jobs                                                   nothing      .  .  .  .  .  .  .  .  .  *
POST   /system/jobs/<public_id>/retry                                 job          .  .  .  .  .  .  .  .  .  *
GET    /topics                                                        nothing      .  *  *  *  *  *  *  *  *  *
GET    /topics/<public_id>                                            topic        .  *  *  *  *  *  *  *  *  *
POST   /topics/<public_id>/voice                                      topic        .  *  *  *  *  *  *  *  *  *
GET    /topics/mine                                                   nothing      .  *  *  *  *  *  *  *  *  *
GET    /topics/new                                                    nothing      .  *  *  *  *  *  *  *  *  *
POST   /topics/new                                                    nothing      .  *  *  *  *  *  *  *  *  *
GET    /trainings                                                     nothing      .  .  *  .  .  *  .  .  *  .
GET    /trainings/<public_id>                                         training     .  .  ^  .  .  ^  .  .  ^  .
POST   /trainings/<public_id>/<any(close, archive, discard, copy):verb> training     .  .  .  .  .  +  .  .  .  .
GET    /trainings/<public_id>/edit                                    training     .  .  .  .  .  +  .  .  .  .
POST   /trainings/<public_id>/edit                                    training     .  .  .  .  .  +  .  .  .  .
POST   /trainings/<public_id>/open                                    training     .  .  .  .  .  +  .  .  .  .
GET    /trainings/new/<organisation>                                  organisation .  .  .  .  .  +  .  .  .  .
POST   /trainings/new/<organisation>                                  organisation .  .  .  .  .  +  .  .  .  .
"""

SENT: dict[str, dict[str, Any]] = {
    "PUT /api/v1/talk/notes/<key>": {
        "json": {"item": "{public_id}", "start": 0, "body": "记", "writer": "p", "sequence": 1, "revision": 0}
    },
    "POST /api/v1/talk/questions": {"json": {"item": "{public_id}", "start": 0, "key": "k", "body": "问"}},
    "POST /api/v1/talk/clips": {"json": {"item": "{public_id}", "start": 0, "last": 9000}},
    "POST /learn/<item_public_id>/notes": {"data": {"at": "0:05", "body": "记"}},
    "POST /learn/<item_public_id>/questions": {"data": {"at": "0:05", "question": "问"}},
    "POST /learn/<item_public_id>/clips": {"data": {"first": "0:05", "last": "0:20"}},
    "POST /topics/new": {"data": {"title": "听一听", "category": "theory"}},
    "POST /topics/<public_id>/voice": {"data": {"verb": "support"}},
    "POST /faculty/topics/<public_id>": {"data": {"verb": "shortlist", "seen": "open"}},
    "POST /faculty/classes/<public_id>/groups": {"data": {"verb": "look", "count": "1"}},
    "POST /faculty/classes/<public_id>/applications": {
        "data": {"verb": "approve", "application": "{application}", "seen": "applied"}
    },
    "POST /my/classes/<public_id>": {"data": {"verb": "withdraw"}},
    "POST /questions/<public_id>": {"data": {"verb": "refuse", "refusal": "elsewhere", "seen": "waiting"}},
    "POST /contests/<public_id>": {"data": {"verb": "publish"}},
    "POST /contests/<public_id>/objections": {"data": {"body": "异议"}},
    "POST /notes": {"data": {"contest": "{public_id}", "nomination": "{nomination}"}},
    "POST /me/notifications/calendar": {"data": {"verb": "on"}},
    "POST /me/notifications/mail": {"data": {"mail": "name@example.org"}},
    "POST /api/v1/offline/contact": {"json": {"device": "a phone", "leases": []}},
    "POST /api/v1/offline/lectures": {"json": {"item": "{public_id}", "form": "sound", "device": "a phone of mine"}},
    "POST /api/v1/progress/leases": {"json": {"item": "{public_id}", "device": "phone", "take_over": True}},
    "POST /me/data/requests": {"data": {"kind": "correct", "body": "入党日期错了。"}},
    "POST /data-requests/<public_id>": {"data": {"verb": "agree", "answer": "已更正。"}},
    "PUT /api/v1/media/<asset_id>/cues": {"json": {"version": 1, "cues": [[0, 900, "同志们好"]]}},
    "PATCH /api/v1/uploads/<id:public_id>": {
        "headers": {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    },
    "POST /cohorts": {"data": {"organisation": "{organisation}", "name": "培训班"}},
    "POST /corrections/<public_id>": {"data": {"verb": "approve"}},
    "POST /exemptions/<public_id>": {"data": {"verb": "approve"}},
    "POST /studio/captions/<asset_id>/withdraw": {"data": {"kind": "chapters"}},
    "POST /studio/captions/<asset_id>/restore": {"data": {"version": "1"}},
    "POST /review/<public_id>/comments": {"data": {"item": "{item}", "place": "0:00", "body": "这里说得太快。"}},
    "POST /review/<public_id>/comments/<comment_id>": {"data": {"verb": "settle"}},
    "POST /studio/<public_id>/comments/<comment_id>": {"data": {"verb": "settle"}},
    "POST /studio/<public_id>/items": {"data": {"upload": "{upload}"}},
    "POST /exports": {"data": {"training": "{training}", "organisation": "{organisation}", "kind": "names"}},
    "POST /media/<asset_id>/captions": {"files": {"captions": ("字幕.srt", "1\n00:00:00,000 --> 00:00:01,000\n好\n")}},
}
"""What a call carries: ``data`` and ``json`` with the ids filled into braces, ``files``, ``headers``."""

# Route that writes → `harmless` (it adds, answers, or changes what the same form changes back), or how it is made safe.
# As in test_destructive_acts.ACTS: `asks`, `shows`, `back`; `checks`: a program may ask for the same without its being
# done (the word that asks for it); `own`: it takes away only what one has just made oneself and has not finished. Of
# several verbs, the one that takes most away counts.
SAFEGUARDS: dict[str, tuple[str, str]] = {
    "accounts.activate_by_sms": ("harmless", "a code that expires"),
    "accounts.activate_post": ("harmless", "the owner's own password"),
    "accounts.end_session": ("back", "one signs in again"),
    "accounts.password": ("harmless", "the owner's own, and the present one is asked for"),
    "accounts.sign_in_post": ("harmless", ""),
    "accounts.sign_out": ("back", "one signs in again"),
    "api_media.save_cues": ("back", "every version is kept and can be restored"),
    "api_offline.contact": ("harmless", "renews; ends what has expired anyway"),
    "api_offline.keep": ("harmless", ""),
    "api_progress.heartbeat": ("harmless", "only adds"),
    "api_progress.end_lease": ("own", "the player's own; the next page opens another"),
    "api_progress.open_lease": ("harmless", ""),
    "api_roster.changes": ("checks", '"check"'),
    "api_talk.ask": ("harmless", "others see it when somebody decided so"),
    "api_talk.remove_note": ("back", "one's own mark of a sentence, which is set again by the same key"),
    "api_talk.save_note": ("harmless", "what another device saved is kept beside it"),
    "api_talk.share": ("harmless", ""),
    "api_uploads.append": ("harmless", "only adds"),
    "api_uploads.create": ("harmless", ""),
    "api_uploads.give_up": ("own", "an upload that is not finished; the file is still on the device"),
    "branch_desk.slips": ("asks", 'url_for(".slips"'),
    "captions.add_term": ("harmless", ""),
    "captions.recognise": ("back", "the version before is kept and can be restored"),
    "captions.restore": ("back", "the version before is kept and can be restored"),
    "captions.take_text": ("back", "the version before is kept and can be restored"),
    "captions.timed": ("back", "the version before is kept and can be restored"),
    "captions.withdraw": ("back", "one's own proposal, which can be made again from the same text"),
    "cohorts.change": ("back", "a member is added again, a list opened again"),
    "cohorts.create": ("harmless", ""),
    "complaints.answer": ("harmless", ""),
    "complaints.create": ("harmless", ""),
    "consent.agree": ("harmless", ""),
    "consent.withdraw": ("asks", 'url_for("consent.withdraw")'),
    "deliveries.retry": ("harmless", "sends what was not sent"),
    "corrections.decide": ("back", "a correction is itself corrected, by two people"),
    "corrections.propose": ("harmless", "somebody else decides"),
    "display.elder": ("harmless", ""),
    "display.language": ("harmless", ""),
    "display.save": ("harmless", ""),
    "exemptions.create": ("harmless", "somebody else decides"),
    "exemptions.decide": ("asks", 'url_for("exemptions.decide"'),
    "files.remove": ("asks", 'url_for("files.remove"'),
    "class_enrolment.decide": ("asks", 'url_for(".decide", public_id=row.public_id)'),
    "class_enrolment.enrol": ("shows", "classes/enrol.html"),
    "class_enrolment.look": ("harmless", "nothing is written"),
    "class_groups.change_group": ("asks", 'url_for(".change_group"'),
    "class_groups.change_groups": ("shows", "classes/groups.html"),
    "class_groups.change_turns": ("back", "the same page takes a confirmation or a cancellation back"),
    "classes.change_state": ("asks", 'url_for(".change_state"'),
    "classes.close": ("shows", "classes/close.html"),
    "classes.create": ("back", "a class is changed or cancelled"),
    "classes.edit": ("back", "the same form changes it back"),
    "classes.end_place": ("asks", 'url_for(".end_place"'),
    "my_classes.change": ("asks", 'hidden={"verb": "leave"}'),
    "holidays.change": ("shows", "faculty/holiday.html"),
    "holidays.create": ("shows", "faculty/holiday.html"),
    "contests.decide": ("asks", 'url_for("contests.decide"'),
    "contests.object_": ("harmless", "somebody else decides"),
    "contests.open_contest": ("harmless", ""),
    "contests.score": ("back", "the same form changes it, until scoring ends"),
    "contests.step": ("asks", 'url_for("contests.step"'),
    "evaluations.answer": ("harmless", ""),
    "evaluations.decide_comment": ("back", "the decision can be changed"),
    "evaluations.enter_roll": ("back", "the same form adds and removes"),
    "evaluations.replace_form": ("back", "another form follows, also one like the first"),
    "evaluations.sign_roll": ("harmless", ""),
    "personnel_notes.check_file": ("harmless", "reads"),
    "personnel_notes.issue": ("back", "a note is revoked"),
    "personnel_notes.revoke": ("asks", 'url_for("personnel_notes.revoke"'),
    "lecture_materials.answer": ("back", "the same comment is reopened"),
    "lecture_materials.withdraw_consent": ("asks", 'url_for(".withdraw_consent")'),
    "recorded_lectures.begin": ("back", "a draft is discarded, and another course is named"),
    "lecture_materials.change": ("asks", 'hidden={"verb": "discard", "seen": newest.public_id}'),
    "material_reviews.change_rule": ("back", "another rule follows, also one like the first"),
    "material_reviews.comment": ("back", "who wrote it takes it back, until the decision"),
    "material_reviews.decide": (
        "back",
        "what was returned is submitted again; another version replaces an approved one",
    ),
    "material_reviews.remove_comment": ("back", "the comment is written again"),
    "lectures.plan": ("back", "a planned lecture is cancelled"),
    "lectures.report": ("back", "the same form takes back what was entered"),
    "obligations.change_rules": ("shows", "faculty/rules.html"),
    "pool.invite": ("back", "somebody who was invited leaves the pool"),
    "pool_lecturer.change": ("asks", 'hidden={"verb": "remove_post"'),
    "pool_sheets.apply": ("shows", "faculty/import.html"),
    "pool_sheets.look": ("harmless", "nothing is written"),
    "terms.change": ("shows", "faculty/term.html"),
    "terms.create": ("back", "a term is changed, a classroom retired"),
    "grants.approve_second_step": ("harmless", ""),
    "grants.code": ("back", "another code is issued"),
    "grants.create": ("back", "the role is revoked"),
    "grants.refuse_second_step": ("back", "its owner sets it up again"),
    "grants.revoke": ("asks", 'url_for("grants.revoke"'),
    "grants.sign_out": ("back", "they sign in again"),
    "jobs.retry": ("harmless", "jobs may run twice"),
    "learn.carry_over": ("shows", "learn/recut.html"),
    "help.leave": ("harmless", ""),
    "lecturers.edit": ("back", "the text can be typed again"),
    "lecturers.portrait": ("asks", 'url_for("lecturers.portrait"'),
    "library.change_categories": ("asks", '"verb": "remove"'),
    "media.ask_operator": ("harmless", ""),
    "media.import_captions": ("back", "the version before is kept and can be restored"),
    "media.retry": ("harmless", ""),
    "media.save_chapters": ("back", "the form shows what both have, and saves again"),
    "media.upload": ("harmless", ""),
    "member_changes.undo": ("asks", 'url_for("member_changes.undo"'),
    "members.change_member": ("shows", "members/preview.html"),
    "members.change_organisation_post": ("asks", 'hidden={"verb": "close"}'),
    "members.code": ("back", "another code is issued"),
    "members.create_member": ("harmless", ""),
    "members.create_organisation": ("harmless", ""),
    "mergers.merge": ("shows", "members/merge.html"),
    "mergers.undo": ("asks", 'url_for("mergers.undo"'),
    "notification_settings.change_calendar": ("asks", 'url_for("notification_settings.change_calendar")'),
    "notification_settings.change_mail": ("back", "the address is typed again"),
    "notification_settings.choose": ("back", "the same form changes it back"),
    "notification_settings.confirm_mail_post": ("harmless", "the owner's own address"),
    "notification_settings.out": ("back", "the page that follows has the button that undoes it"),
    "notifications.open_one": ("harmless", ""),
    "notifications.read_all": ("harmless", "they stay in the list"),
    "own_data.ask": ("back", "withdrawn until it is decided"),
    "own_data.cancel": ("back", "one's own request, which can be made again"),
    "own_data.decide": ("asks", 'url_for("own_data.decide"'),
    "own_data.lift": ("back", "it is asked for again"),
    "answers.answer": ("back", "the same link takes another answer until the school confirms"),
    "lecture_edits.change": ("shows", "faculty/lecture_edit.html"),
    "lecture_edits.plan_make_up": ("back", "the new lecture is cancelled, which asks first"),
    "invitations.act": ("asks", 'hidden={"verb": "withdraw"}'),
    "invitations.answer": ("back", "the same form takes another answer until the school confirms"),
    "term_plans.act": ("asks", 'url_for(".act", public_id=plan.public_id), _("定下来")'),
    "term_plans.ask": ("harmless", "a price is worked out, nothing changes"),
    "term_plans.begin": ("harmless", "a draft"),
    "term_plans.rule": ("back", "the same row takes it back, and its price stood there before"),
    "topic_requests.decide": ("back", "the page takes each decision back, voices stay"),
    "topic_requests.merge": ("shows", "topics/merge.html"),
    "topics.propose": ("harmless", "the school decides on it"),
    "topics.voice": ("back", "the same button takes it back or gives it again"),
    "questions.decide": ("back", "it can be answered again, and its text is kept"),
    "reminders.send": ("harmless", "the page says to how many, and nobody is reminded twice"),
    "programme_reports.take": ("harmless", ""),
    "reporting.take": ("harmless", ""),
    "reports.request_": ("harmless", ""),
    "review.add_comment": ("harmless", ""),
    "review.change_pinned": ("back", "the same form marks it as open again"),
    "review.decide": ("asks", '_("确认下架")'),
    "review.decide_proposal": ("back", "every version is kept; it is proposed again"),
    "rosters.apply": ("asks", 'url_for("rosters.apply"'),
    "rosters.choose": ("harmless", "it is read again"),
    "rosters.discard": ("asks", 'url_for("rosters.discard"'),
    "rosters.mended": ("harmless", "what was wrong in the file is replaced, before anything is applied"),
    "rosters.send": ("harmless", "it is looked at before it is applied"),
    "screens.answer": ("back", "the screen signs out"),
    "screens.offer": ("harmless", ""),
    "search.add_term": ("harmless", ""),
    "search.forget_mistake": ("back", "what members type brings it up again"),
    "search.remove_term": ("back", "the word is added again"),
    "second_step.again": ("harmless", ""),
    "second_step.answer": ("harmless", ""),
    "second_step.confirm": ("harmless", ""),
    "second_step.paper": ("back", "others are shown in the same moment; the telephone's code is asked for"),
    "second_step.replace": ("harmless", "the present one is asked for, and stays until the other is confirmed"),
    "sectors.change": ("asks", '_("停用")'),
    "studio.add_item": ("harmless", ""),
    "studio.change_pinned": ("back", "the same form marks it as open again"),
    "studio.change_item": ("asks", '"verb": "remove"'),
    "studio.cover": ("harmless", "another picture is sent"),
    "studio.create": ("harmless", ""),
    "studio.do": ("asks", '"verb": "discard"'),
    "studio.save": ("harmless", "the form carries a version"),
    "talk.ask": ("harmless", "others see it when somebody decided so"),
    "talk.change_note": ("asks", 'url_for("talk.change_note"'),
    "talk.favourite": ("back", "the same button puts it back"),
    "talk.share": ("harmless", ""),
    "talk.take_note": ("harmless", ""),
    "trainings.change": ("asks", 'verb="discard"'),
    "trainings.create": ("harmless", "a draft"),
    "trainings.open_": ("shows", "trainings/_preview.html"),
    "trainings.save": ("harmless", "the form carries a version"),
}
