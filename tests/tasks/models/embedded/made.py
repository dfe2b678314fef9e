"""Stories that are clear, text that is anything, and questions to an embedded model."""

from hypothesis import strategies as st

from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.models.embedded.baseline import Embedded

FERRY = [
    "The ferry Marlinda ran aground off Cape Tolver shortly after midnight with 212 passengers on board.",
    "Lifeboats from three harbours took everyone off the stranded vessel before dawn.",
    "Captain Oskar Lindqvist told the coastguard that the steering had failed twice on the crossing.",
    "The hull is torn open over a length of eleven metres, divers reported.",
    "Salvage tugs will try to pull the Marlinda off the reef at the next spring tide.",
    "Fishermen at Cape Tolver have warned for years that the channel is poorly marked.",
    "The shipping company said the ferry had passed its last inspection in March.",
    "Oil booms were laid around the wreck to protect the seal colony on the cape.",
    "Passengers described how the deck tilted and cars slid across the lower hold.",
    "The coastguard has opened an inquiry into the voyage of the Marlinda.",
]
FERRY_AGAIN = [
    "A salvage crew pulled the ferry Marlinda off the reef at Cape Tolver on Sunday.",
    "The vessel was towed to a dry dock, where inspectors will examine its steering gear.",
    "Captain Lindqvist told the inquiry that the rudder did not answer in the channel.",
    "The coastguard published a recording of the captain's call for lifeboats.",
    "Divers sealed the torn hull with steel plates before the tow.",
    "The shipping company will refund all 212 passengers of the crossing.",
    "New buoys are to mark the channel off Cape Tolver by autumn.",
]
BEES = [
    "Beekeepers in the Ardel valley lost almost half of their colonies last winter, a survey shows.",
    "A mite that spreads a wing virus is the main suspect, says biologist Nadia Ferrante.",
    "Her laboratory counted parasites in samples from four hundred hives.",
    "Hives that stood near rapeseed fields fared worst of all.",
    "The honey harvest is expected to be the smallest since records began.",
    "Orchard owners fear for their cherries and plums if pollination fails.",
    "Ferrante wants breeders to select queens whose workers groom the mites away.",
    "The ministry promised beekeepers a subsidy for every new swarm.",
    "Imported honey already costs a third more than a year ago.",
    "Some keepers now heat their hives, as the parasites cannot stand the warmth.",
]
CHESS = [
    "Sixteen-year-old Ilya Brandt won the chess championship in Graz after a tiebreak.",
    "The teenager sacrificed a rook on move nineteen and mated eight moves later.",
    "Grandmaster Teresa Okafor, who finished second, called the combination breathtaking.",
    "Brandt learned the game from his grandmother during a long illness.",
    "His opening, a rare gambit, had not been played at this level for decades.",
    "The tournament was streamed to four million viewers.",
    "With the title come a cheque and a place among the candidates.",
    "Okafor had led the standings until the last round but drew with black.",
    "Commentators compared the boy's calm at the board to that of old masters.",
]
KETTLE = [
    "这款电热水壶的内胆是304不锈钢的，一体成型没有接缝。",
    "水壶的容量是一点七升，一家四口喝水完全够用。",
    "三分钟就能把一壶水烧开，水开了会自动断电。",
    "壶身是双层防烫的，孩子不小心碰到水壶也不会烫手。",
    "壶嘴这里有一个滤网，可以把水垢过滤掉。",
    "电热水壶的底座可以三百六十度旋转，左手右手都方便拿。",
    "水壶的盖子按一下就弹开，清洗内胆特别方便。",
    "烧开水以后还可以保温，保温的时间长达六个小时。",
    "电源线收在水壶底座的下面，台面上干干净净。",
    "水壶烧水的声音很小，晚上烧水不会吵到孩子。",
    "没有水的时候水壶会报警，防止干烧。",
    "内胆用久了有水垢，倒一点白醋烧开就干净了。",
    "这款水壶的加热盘用了五年也不会坏。",
]
SCARF = [
    "下面给大家看这条羊绒围巾，摸起来特别柔软。",
    "围巾用的是内蒙古的山羊绒，含绒量达到百分之九十五。",
    "颜色有驼色、酒红色和灰色，驼色的围巾最百搭。",
    "围巾的长度是一米八，可以当披肩来用。",
    "羊绒的保暖性是普通羊毛的好几倍，冬天戴围巾不怕冷。",
    "流苏都是手工打结的，围巾的边缘不会脱线。",
    "洗的时候用冷水手洗，羊绒围巾千万不要暴晒。",
    "这条羊绒围巾送妈妈送婆婆都很有面子。",
    "围巾不起球不掉毛，贴着脖子也不扎人。",
    "你看这个酒红色的围巾，配黑色大衣特别显气质。",
    "山羊绒很细，所以这条围巾又轻又薄。",
    "灰色的围巾男生也可以戴，情侣一人一条。",
    "披肩展开来有七十厘米宽，办公室里可以盖腿。",
]
REPORT = [
    "By Ana Ruiz",
    "PORT ELLEN (AP) — Police said on Friday that divers, who had searched for nine days, found the bell of the "
    "Aurelia in 40 metres of water.",
    '"I cried when I saw it," said the last cook of the ship.',
    "Read more: ten wrecks of the strait",
]
HOST = [
    "hello everyone welcome back to my live",
    "so this is the copper kettle you guys were asking for",
    "okay the copper kettle is number twelve",
    "you can put the kettle right on the stove",
    "number twelve girls, the copper kettle",
]
SENTENCES = st.lists(
    st.text(max_size=40)
    | st.sampled_from(
        ["", "  ", "😀🎉", "...", "\u202e\x00", "\ud800", "买它买它！", "Go go go", "。", "x" * 10_000, "字" * 10_000]
    )
    | st.sampled_from([*FERRY[:3], *KETTLE[:3]]),
    max_size=25,
)
LANGUAGES = st.sampled_from(["en", "zh", "de", "xx", ""])
NEWS = ("facts", "opinions", "assumptions", "future_plans")
COMMERCE = ("opening", "price", "order_urging", "product_description")
CLEAR = {
    ("en", "facts"): [
        "Nine miners were rescued on Monday after four days underground, the company said.",
        "The court fined the brewery 12,000 euros in March 2021.",
        "The tower is 214 metres high and was finished in 1998.",
    ],
    ("en", "opinions"): [
        "“I am so angry, and I think the council should be ashamed,” she said.",
        "Honestly, it is the worst musical I have ever seen.",
        "You should never trust a recipe that begins with an apology.",
    ],
    ("en", "assumptions"): [
        "The driver may have fallen asleep at the wheel.",
        "The gang is believed to have escaped by boat, but that could not be confirmed.",
        "If the vote fails, the coalition might collapse.",
    ],
    ("en", "future_plans"): [
        "The airline will open a route to Lisbon next spring.",
        "The committee is scheduled to meet again on Tuesday.",
        "She plans to publish her memoirs next year.",
    ],
    ("zh", "facts"): [
        "周一上午，九名矿工在井下被困四天后获救。",
        "该塔高214米，建于1998年。",
        "据统计，去年全市共发生火灾312起，造成5人死亡。",
    ],
    ("zh", "opinions"): [
        "“我非常生气，他们应该感到羞耻。”她说。",
        "说实话，这是我看过的最糟糕的音乐剧。",
        "我觉得这个决定太荒唐了。",
    ],
    ("zh", "assumptions"): [
        "司机可能在开车时睡着了。",
        "如果谈判失败，工厂或许会被迫关门。",
        "据说这家公司正在寻找买家，但未经证实。",
    ],
    ("zh", "future_plans"): [
        "该航空公司计划明年春天开通飞往里斯本的航线。",
        "委员会将于下周二再次开会。",
        "新桥预计明年六月通车。",
    ],
    ("en", "opening"): [
        "hello everybody welcome to my live stream",
        "thank you so much for the gift annie how are you today",
        "good evening ladies, can you hear me okay",
    ],
    ("en", "price"): [
        "it was a hundred and twenty dollars and today it's only fifty nine",
        "you get fifty percent off and the shipping is free",
    ],
    ("en", "order_urging"): [
        "hurry up and click the link, there are only four left",
        "add it to your cart right now before it's sold out",
    ],
    ("en", "product_description"): [
        "the shirt is pure cotton, it has two pockets and it comes in white and navy",
        "you can wear it with jeans and you can machine wash it",
    ],
    ("zh", "opening"): ["大家晚上好，欢迎来到直播间", "谢谢阿红的礼物，你们那边下雨了吗？"],
    ("zh", "price"): ["原价两百九十九，今天只要一百五十九", "买一送一，还包邮"],
    ("zh", "order_urging"): ["最后四件了，赶紧去拍", "倒计时三二一，上链接"],
    ("zh", "product_description"): ["这件衬衫是纯棉的，有两个口袋，颜色有白色和蓝色", "这个面料特别柔软，可以机洗"],
}


def ask(model: Embedded, role: str, items: list[str], language: str = "en", **more: object) -> Answer:
    return model.compute(RoleRequest(role, language, tuple(items), **more))  # type: ignore[arg-type]


def found_topics(model: Embedded, items: list[str], language: str = "en") -> list[tuple[int, int]]:
    """Find, then locate; each topic as its first and last sentence, once it is sure that it has all between."""
    found = ask(model, "topic_finder", items, language).groups
    located = ask(
        model, "topic_locator", items, language, labels=tuple(g.label for g in found),
        anchors=tuple(g.numbers for g in found),
    )  # fmt: skip
    assert all(list(g.numbers) == list(range(g.numbers[0], g.numbers[-1] + 1)) for g in located.groups)
    return [(g.numbers[0], g.numbers[-1]) for g in located.groups]
