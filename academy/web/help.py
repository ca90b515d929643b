"""Help: one page a role, with the steps of what that role does most; and the first visit's card, which can be left."""

import dataclasses
import functools
from collections.abc import Callable

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from academy import http
from academy.core.actor import Actor, Role
from academy.core.errors import NotFound
from academy.core.i18n import Message, msg
from academy.http import PUBLIC, actor, runtime
from academy.http.forms import Form, Onward
from academy.http.navigation import link

bp = Blueprint("help", __name__, url_prefix="/help")
page = functools.partial(http.page, consent=False, screen=True)
YEAR = 365 * 24 * 3600
LEFT = "first-visit"
"""The cookie that says that the first visit's card was left on this device."""


@dataclasses.dataclass(frozen=True)
class HelpTask:
    """One thing to do: its steps, and the page where it begins, for those whom that page admits."""

    title: Message
    steps: tuple[Message, ...]
    begins: Callable[[], str | None] | None = None
    begin: Message | None = None
    """What the link to that page says."""
    picture: str = ""
    """What it looks like, as that of a page; blank where words do."""


@dataclasses.dataclass(frozen=True)
class HelpPage:
    """The help of one role; `picture` is a file of static/img/help, taken by tests/browser/pictures.py."""

    key: str
    title: Message
    lead: Message
    tasks: tuple[HelpTask, ...]
    roles: tuple[Role, ...] = ()
    """Who is led here first; empty: everybody else."""


LEARN = HelpPage(
    "member",
    msg("党员"),
    msg("看课、查记录、找不到路时怎么办。"),
    (
        HelpTask(
            msg("第一次登录"),
            (
                msg("向党支部要一张激活单，上面有编号和激活码。"),
                msg("扫激活单上的二维码，或者打开登录页，点“用支部发的激活码设置密码”。"),
                msg("自己设一个记得住的密码。以后用编号或手机号登录。"),
            ),
            lambda: link("accounts.activate"),
            msg("去激活"),
        ),
        HelpTask(
            msg("看一门课"),
            (
                msg("首页最上面就是现在该学的课，点红色的按钮。"),
                msg("点中间的三角开始放。看到哪里，系统记到哪里，不用一次看完。"),
                msg("放完会告诉您“已学完”，再点一下就到下一门。"),
            ),
            lambda: link("library.index"),
            msg("去看课程"),
        ),
        HelpTask(
            msg("网络不好"),
            (
                msg("看过的部分先存在手机里，网络恢复后自动补记，不会丢。"),
                msg("流量紧张时选“只听声音”，一样算学习。"),
            ),
        ),
        HelpTask(
            msg("没有信号的地方也能学"),
            (
                msg("在有 Wi-Fi 的地方打开一节课，点“存到手机”，先看要占多大地方。"),
                msg("出门没有信号，打开“我的”里的“离线课程”，点开就能看。"),
                msg("看过的记在手机里，有信号时自己报上去，照样算。"),
            ),
            lambda: link("offline.index"),
            msg("看存着的课"),
            "offline",
        ),
        HelpTask(
            msg("记笔记、问老师"),
            (
                msg("文稿每一句旁边有“更多”：记笔记、收藏这一句、提问、从这里分享。"),
                msg("笔记只有您自己看得到。提问由老师看过再公开，不显示是谁问的。"),
            ),
            lambda: link("talk.notes"),
            msg("看我的笔记"),
            "talk",
        ),
        HelpTask(
            msg("看看自己学了多少"),
            (
                msg("点“我的”，按年份列着学完的课程和学时。"),
                msg("需要证明时点“打印”，可以存成文件或者打出来。"),
                msg("记录不对，点课程页下方的“反映问题”，会有人答复。"),
            ),
            lambda: link("record.index"),
            msg("看我的记录"),
        ),
        HelpTask(
            msg("字太小"),
            (
                msg("点页面上方的“大字”，整页变大，一屏只做一件事。"),
                msg("还嫌小，在“字号与深浅色”里选“最大”。"),
            ),
            lambda: link("display.show"),
            msg("调字号"),
        ),
    ),
)
SECRETARY = HelpPage(
    "secretary",
    msg("支部书记"),
    msg("知道谁没学，提醒到人，帮老同志登录。"),
    (
        HelpTask(
            msg("看支部学得怎么样"),
            (
                msg("首页一句话说明每项培训能不能按时完成。"),
                msg("点进去是每个人：绿色对勾已完成，橙色三角在学，红色方块没开始，横线是免训，旁边都有文字。"),
            ),
            lambda: link("trainings.mine"),
            msg("看培训"),
        ),
        HelpTask(
            msg("提醒没学完的人"),
            (
                msg("在名单里选“提醒”，先看会发给谁、发什么，再发出。"),
                msg("想让大家先看一小段，打开那个片段，点“附在提醒里”。"),
                msg("没有账号的老同志打电话：点电话图标，号码会完整显示，这一次查看会留下记录。"),
            ),
        ),
        HelpTask(
            msg("帮人登录"),
            (
                msg("在名单里点“发激活码”，或者一次给所有没有账号的人打印激活单。"),
                msg("激活单上有二维码和三步说明，剪下来交到本人手里。激活码只能用一次。"),
            ),
        ),
        HelpTask(
            msg("有人不能学"),
            (
                msg("年老体弱等情况可以申请免训：写明原因，由上级审批。"),
                msg("免训的人不算在应训里，但名单上看得到，原因和批准人都有记录。"),
            ),
        ),
    ),
    (Role.BRANCH_SECRETARY,),
)
TRAINER = HelpPage(
    "trainer",
    msg("培训教师"),
    msg("把一段录像变成全市能看、能搜的课。"),
    (
        HelpTask(
            msg("新建一门课"),
            (
                msg("在工作室点“新建课程”，填标题、简介、分类和主讲人。"),
                msg("把视频、音频或文档拖到页面上，可以一次几个。断网、关机都可以接着传，不用从头来。"),
                msg("最上面是四步：资料、文件、字幕、提交。还差什么，写在下面；转码的进度页面自己更新。"),
            ),
            lambda: link("studio.new"),
            msg("新建课程"),
            "steps",
        ),
        HelpTask(
            msg("校对字幕"),
            (
                msg("边放边改，回车到下一句。改的内容随时自动保存。"),
                msg("本地地名、人名加进“城市词典”，以后识别和搜索都会更准。"),
            ),
            lambda: link("studio.index"),
            msg("到工作室"),
        ),
        HelpTask(
            msg("提交审阅"),
            (
                msg("缺什么，页面上会一条条列出来；都齐了才能提交。"),
                msg("被退回时看意见，改好再交。发布以后再改，要重新审阅，学员的记录不受影响。"),
            ),
        ),
        HelpTask(
            msg("课程里有提问"),
            (
                msg("有人提问，首页会出现“课程提问”和件数。"),
                msg("写出回答就公开；也可以先公开，以后再答。"),
                msg("不适合公开的，选一个原因，提问的人会看到。"),
            ),
            lambda: link("questions.index"),
            msg("去看提问"),
        ),
    ),
    (Role.TRAINER,),
)
REVIEWER = HelpPage(
    "reviewer",
    msg("审阅人"),
    msg("第二双眼睛：看过再发布。"),
    (
        HelpTask(
            msg("审一门课"),
            (
                msg("“审阅”里按等待时间排列，等得最久的在最上面。"),
                msg("边看边写批注：钉在那一秒、那一页上，作者一点就到。"),
                msg("完整看一遍视频和字幕，再决定通过还是退回。退回要写清楚改什么。"),
                msg("自己做的课不能自己审。"),
            ),
            lambda: link("review.index"),
            msg("到审阅"),
            "pins",
        ),
        HelpTask(
            msg("审字幕的改动"),
            (msg("发布后的字幕和章节由教师提议，页面逐句列出改前、改后。通过后立刻生效。"),),
        ),
    ),
    (Role.REVIEWER,),
)
ADMINISTRATOR = HelpPage(
    "administrator",
    msg("管理员"),
    msg("多少人学完、赶不赶得上、卡在哪里、找谁。"),
    (
        HelpTask(
            msg("看覆盖率"),
            (
                msg("首页每项培训一句话、一条曲线、最该过问的几个地方。点数字就是它背后的名单。"),
                msg("数字旁边都写着：算的是谁、截至哪天、免训多少人。"),
            ),
            lambda: link("reports.index"),
            msg("看覆盖率"),
        ),
        HelpTask(
            msg("开一项培训"),
            (
                msg("选课程、范围和起止日期，先看应训多少人，再开始。"),
                msg("中途调入、调出、转正的人自动增减，每一次变动都有依据。"),
            ),
            lambda: link("trainings.index"),
            msg("培训管理"),
        ),
        HelpTask(
            msg("更新花名册"),
            (
                msg("下载模板，填好上传。先检查，逐行说明哪里不对，没有写入任何内容。"),
                msg("改好不对的几行，单独再传；确认后要么全部写入，要么一行不写。"),
            ),
            lambda: link("rosters.index"),
            msg("花名册"),
        ),
        HelpTask(
            msg("向上报告"),
            (
                msg("导出前，每种文件都写着里面是什么。"),
                msg("“证明材料”带着名单、口径和校验码，一年后还能重新核对。"),
            ),
            lambda: link("reporting.index"),
            msg("报表"),
        ),
    ),
    (Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER),
)
KEEPER = HelpPage(
    "keeper",
    msg("安全、审计与系统"),
    msg("谁有什么权，谁看过什么，系统好不好。"),
    (
        HelpTask(
            msg("授权"),
            (
                msg("角色按组织授予，有起止日期；离开的人自动失去。"),
                msg("办公角色要用第二步验证，由安全管理员确认一次。"),
            ),
            lambda: link("grants.index"),
            msg("角色授权"),
        ),
        HelpTask(
            msg("查审计"),
            (
                msg("谁在什么时候看了谁的号码、改了哪个数，都能查到。查询本身也会被记录。"),
                msg("审计记录首尾相连，删改会被发现。"),
            ),
            lambda: link("audit.index"),
            msg("审计"),
        ),
        HelpTask(
            msg("后台任务"),
            (msg("反复失败的任务会停在这里，写明原因；处理好原因后再点“重试”。"),),
            lambda: link("jobs.index"),
            msg("后台任务"),
        ),
    ),
    (Role.SECURITY_OFFICER, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR),
)
PAGES = (LEARN, SECRETARY, TRAINER, REVIEWER, ADMINISTRATOR, KEEPER)
FIRST_VISIT = (
    msg("看：点红色的按钮开始，看到哪里记到哪里。"),
    msg("查：点“我的”，学完的课和学时都在里面。"),
    msg("问：页面最下面的“帮助”，或者问党支部书记。"),
)


def page_for(who: Actor) -> HelpPage:
    """The help that concerns this person most."""
    return next((one for one in PAGES if one.roles and who.has(*one.roles)), LEARN)


@bp.get("")
@page(PUBLIC)
def index() -> str:
    """The help of one's own role."""
    return _shown(page_for(actor()))


@bp.get("/<key>")
@page(PUBLIC)
def topic(key: str) -> str:
    """The help of one role."""
    found = next((one for one in PAGES if one.key == key), None)
    if found is None:
        raise NotFound
    return _shown(found)


class LeaveForm(Form):
    """Where to go on."""

    next = Onward()


@bp.post("/leave")
@page(PUBLIC, form=LeaveForm)
def leave() -> Response:
    """Leave the first visit's card for good, on this device."""
    response = redirect(LeaveForm.read().next.data or "/", 303)
    response.set_cookie(LEFT, "left", max_age=YEAR, samesite="Lax", secure=runtime().settings.secure_cookies)
    return response


def _shown(shown: HelpPage) -> str:
    return render_template("help/index.html", pages=PAGES, shown=shown)
