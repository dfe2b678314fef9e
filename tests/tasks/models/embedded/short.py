"""Short documents as they come in: wires, captions and Chinese briefs, of two stories or of one."""

PLAIN_WIRE = """\
The harbour council of Velmouth voted on Tuesday to dredge the eastern basin before winter.

Two grain ships had to wait outside the breakwater last week because the channel has silted up.

The dredger Halcyon will remove forty thousand cubic metres of mud and carry it out to sea.

Fishermen had asked the council to spare the oyster beds along the breakwater.

The work will cost three million crowns, half of it paid by the grain exporters.

Ships of more than six metres draught are barred from the basin until November.

Schoolchildren in Orlen have built a telescope that can see the rings of Saturn.

The mirror was ground by hand over eleven months in the school's workshop.

Their physics teacher, Ilse Marwick, bought the glass with money from a bake sale.

On clear nights the pupils invite their parents to look at planets from the roof.

An observatory has offered to test the mirror in its optical laboratory.
"""
HEADED_WIRE = """\
Bakers lose their oven

The communal oven of Hallstein was closed on Friday after cracks were found in its vault.

Thirty families had baked their bread there every week since the war.

Masons believe that a hard frost in February split the old firebricks.

Rail line to open early

Trains will run between Ostry and the coast from the first of June, four weeks ahead of plan.

The operator has hired sixty drivers and bought nine carriages for the line.

Tickets go on sale on Monday at the station and at post offices.
"""
TWO_SPEAKERS = """\
WEBVTT

00:00:00.000 --> 00:00:04.000
<v Anna Corr>Firefighters have put out the blaze in the pine forest above Tarrow.

00:00:04.200 --> 00:00:08.000
<v Anna Corr>The fire had burned three hundred hectares of pine since Sunday.

00:00:08.200 --> 00:00:12.000
<v Anna Corr>Helicopters dropped water from the reservoir until nightfall.

00:00:12.200 --> 00:00:16.000
<v Anna Corr>Villagers may return to their homes below the forest tomorrow.

00:00:16.200 --> 00:00:20.000
<v Anna Corr>The forest service suspects that a camp fire started the blaze.

00:00:26.000 --> 00:00:30.000
<v Piotr Lenz>The chess federation has named its team for the spring olympiad.

00:00:30.200 --> 00:00:34.000
<v Piotr Lenz>Grandmaster Vera Solin will play on the first board for the team.

00:00:34.200 --> 00:00:38.000
<v Piotr Lenz>Solin won the national title in March without losing a game.

00:00:38.200 --> 00:00:42.000
<v Piotr Lenz>Two players of nineteen are in the olympiad team for the first time.

00:00:42.200 --> 00:00:46.000
<v Piotr Lenz>The federation expects a medal, its president told reporters.
"""
CHINESE_BRIEFS = """\
临川市自来水厂昨日完成管网改造。

改造后的管网每天可供水八万吨。

水厂负责人表示，老城区水压将明显提高。

施工期间，水厂向居民免费送水。

今年秋天，水厂还将更换五千只水表。

青溪中学女子排球队夺得全省冠军。

决赛中，排球队以三比一战胜对手。

队长林小禾在决赛中独得二十一分。

教练说，排球队的姑娘们每天清晨都坚持训练。

下个月，排球队将参加全国比赛。
"""
ONE_WIRE = """\
A landslide blocked the only road into the Corvane valley early on Wednesday.

Nobody was hurt, but about nine hundred people in the valley are cut off.

The slide brought down a stretch of hillside after three days of rain.

Soldiers flew food and medicine into the valley by helicopter in the afternoon.

Engineers say that clearing the road will take at least a week.

A woman who was about to give birth was flown out to the hospital in Tarn.

The valley's school stays closed, because its teachers live below the slide.

The hillside had been watched by sensors since a smaller slide in spring.

Geologists warn that more of the hillside may come down if the rain goes on.
"""
ONE_HEADED = """\
Lighthouse keeper retires

Bruno Hale climbed the stairs of the Skerry lighthouse for the last time on Saturday.

He had kept the light for forty-one years, longer than anyone on this coast.

The lighthouse will be run by a computer on the mainland from now on.

Hale said that he would miss the storms more than the quiet nights.

The coastguard gave him the old brass lamp of the lighthouse as a farewell.
"""
ONE_CHINESE = """\
石桥镇的百年老茶馆昨日重新开张。

茶馆去年夏天在洪水中受损，屋顶塌了一半。

镇里的木匠花了十个月修复茶馆的梁柱。

茶馆老板周师傅说，老顾客一大早就来排队喝茶。

修复后的茶馆保留了原来的戏台和茶灶。

每逢周末，茶馆里还会有评书表演。
"""
