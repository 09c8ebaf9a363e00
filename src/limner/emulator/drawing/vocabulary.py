"""The words of a prompt as English words, whatever language it is in. It must not know what is painted or edited.

Every line is an English word that the palettes, grounds, figures and edits know, then the words that mean it: Chinese
and Japanese ones are found anywhere in a text, the others at the beginning of a word, since endings vary.
"""
# ruff: noqa: RUF001 - words in many scripts, letters of which look alike

import re
from collections.abc import Mapping

_LINES = """
fox 狐狸 狐 キツネ きつね 여우 ثعلب שועל zorro renard fuchs volpe raposa лиса лису лисы лисе лисо лисиц лисён
cat 猫 貓 ネコ ねこ 고양이 кош قطة חתול gato katze gatto кот кота коту котик котён
dog 狗 犬 イヌ いぬ 강아지 собак пёс كلب כלב perro chien cachorro hunde
wolf 狼 オオカミ 늑대 волк ذئب lobo loup
bear 熊 クマ くま 곰 медвед دب oso bär
panda 熊猫 熊貓 パンダ 판다 панд باندا
rabbit 兔 兎 ウサギ うさぎ 토끼 кролик заяц зайц أرنب conejo lapin hase kaninchen
tiger 老虎 虎 トラ 호랑이 тигр نمر tigre
lion 狮 獅 ライオン 사자 лев льв أسد león löwe leone
horse 马 馬 ウマ лошад конь حصان caballo cheval pferd cavallo 말이
elephant 大象 象 ゾウ 코끼리 слон فيل elefant éléphant
monkey 猴 猿 サル 원숭이 обезьян قرد affe
mouse 老鼠 ネズミ 쥐 мыш فأر ratón souris maus
frog 青蛙 蛙 カエル 개구리 лягуш ضفدع grenouille frosch
dragon 龙 龍 竜 ドラゴン 드래곤 дракон تنين dragón drache
owl 猫头鹰 貓頭鷹 フクロウ 올빼미 부엉이 сова совы بومة búho hibou eule gufo
bird 鸟 鳥 トリ птиц طائر عصفور pájaro oiseau vogel uccello 새가 새를
fish 鱼 魚 サカナ 물고기 рыб سمك pescado poisson fisch pesce
whale 鲸 鯨 クジラ 고래 حوت ballena baleine кит киты
boat 船 舟 ボート лодк кораб قارب سفينة barco bateau schiff 보트 돛단배 배가
lighthouse 灯塔 燈塔 灯台 등대 маяк منارة phare leuchtturm farol
house 房子 小屋 집 дом изб بيت منزل בית casa maison haus 房屋 家屋
castle 城堡 城 성 замок замк قلعة castillo château schloss castello
tree 树 樹 木 나무 дерев شجرة עץ árbol arbre baum albero
flower 花 꽃 цвет زهرة وردة פרח flor fleur blume fiore
balloon 气球 氣球 風船 풍선 шар بالون globo ballon
rocket 火箭 ロケット 로켓 ракет صاروخ cohete fusée rakete
robot 机器人 機器人 ロボット 로봇 робот روبوت
astronaut 宇航员 太空人 宇宙飛行士 우주비행사 космонавт астронавт رائد astronauta astronaute
woman 女人 女性 女孩 少女 여자 женщин девуш девоч امرأة فتاة mujer femme frau
man 男人 男性 男孩 少年 남자 мужчин мальчик رجل ولد hombre homme mann uomo
cup 杯 カップ 컵 чашк فنجان كوب taza tasse tazza
coffee 咖啡 コーヒー 커피 кофе قهوة café kaffee caffè
apple 苹果 蘋果 リンゴ りんご 사과 яблок تفاحة manzana pomme apfel
car 汽车 汽車 车 車 クルマ 자동차 машин автомоб سيارة coche voiture macchina
heart 爱心 心形 ハート 하트 сердц قلب corazón coeur cœur herz cuore
star 星 별 звезд звёзд نجم estrella étoile
moon 月 달 лун قمر ירח luna mond 月亮 月光
sun 太阳 太陽 日光 해가 солнц شمس שמש sol soleil sonne
night 夜 밤 ноч ليل לילה noche nuit nacht notte noite 黑夜 夜晚
sea 大海 海 바다 بحر ים mar meer море моря морем морск
lake 湖 호수 озер بحيرة lago
river 河 江 川 강 نهر río fleuve rivière fluss река реки реке реку рекой
mountain 山 산 гор جبل הר montaña montagne berg montanha
forest 森林 森 林 숲 лес غابة יער bosque forêt wald foresta
city 城市 都市 町 街 도시 город مدينة עיר ciudad ville stadt città cidade 上海 北京 东京 東京 서울 москв
desert 沙漠 砂漠 사막 пустын صحراء desierto désert wüste deserto
garden 花园 花園 庭 정원 сад حديقة jardín jardin garten giardino
snow 雪 눈이 снег снеж ثلج שלג nieve neige schnee neve
winter 冬 겨울 зим شتاء invierno hiver inverno
autumn 秋 가을 осен خريف otoño automne herbst autunno
spring 春 봄 весн ربيع primavera printemps frühling
sunset 日落 夕阳 夕陽 夕焼け 夕 석양 закат غروب שקיעה atardecer sonnenuntergang tramonto
sunrise 日出 朝日 晨 일출 рассвет شروق amanecer sonnenaufgang
neon 霓虹 ネオン 네온 неон نيون neón
aurora 极光 極光 オーロラ 오로라 сиян شفق
red 红 紅 赤 빨간 빨강 붉은 красн рыж أحمر حمراء אדום rojo roja rouge rosso vermelho vermelha rote roter rotes
blue 蓝 藍 青色 青い 青く 파란 파랑 푸른 голуб أزرق زرقاء כחול azul bleu blau blu синий синяя синее синего синим
green 绿 綠 緑 초록 녹색 зелен зелён أخضر خضراء ירוק verde grün
yellow 黄 黃 노란 노랑 желт жёлт أصفر صفراء צהוב amarillo amarilla jaune gelb giallo
orange 橙 オレンジ 주황 оранж برتقالي naranja
purple 紫 보라 фиолет بنفسجي סגול morado púrpura violett roxo
pink 粉 桃色 ピンク 분홍 розов وردي ורוד
brown 棕 褐 茶色 갈색 коричн بني marrón braun marrone
golden 金 금색 золот ذهبي dorado dorada doré
grey 灰 회색 رمادي gris grau grigio серый серая серое серого
white 白 하얀 흰 бел أبيض بيضاء לבן blanc blanco blanca blanche weiß bianco bianca
black 黑 黒 검은 черн чёрн أسود سوداء שחור noir schwarz nero negra
brighter 亮 明るく 밝게 ярче светлее أفتح brillant
darker 暗 어둡게 темнее أغمق dunkler oscur
blur 模糊 ぼかし 흐리게 размы ضبابي
sharpen 锐化 銳化 清晰 シャープ 선명 резк
rotate 旋转 旋轉 转动 回転 회전 поверн rotar tourne drehe gira
upside 倒过来 倒過來 逆さ
left 左 왼쪽 влево izquierda gauche левы левую налево
mirror 镜像 鏡像 水平翻转 翻转 反転 반전 отраз зеркал اعكس refleja miroir spiegel
crop 裁剪 裁切 切り抜 잘라 обреж recorta recadre
add 添加 加上 加一 加入 追加 加え 추가 добав أضف añade ajoute füge
invert 反色 反相 инверт
monochrome 黑白 黒白 白黒 モノクロ 흑백 черно-бел чёрно-бел
vivid 鲜艳 鮮豔 鮮やか 선명한 насыщен
two 两 兩 二 두 deux zwei два две двух
four 四 넷 네 четыре أربعة cuatro quatre vier quattro
five 五 다섯 пять خمسة cinco cinq fünf cinque
three 三 세 три ثلاث tres trois drei
which котор
china китай
pretty 漂亮
day 白天 昼
week 星期
volcano 火山 вулкан بركان
film фильм فيلم
"""

_EAST_ASIAN = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_IS_EAST_ASIAN = re.compile(f"[{_EAST_ASIAN}]")
_LETTERS = re.compile(rf"[{_EAST_ASIAN}]+|(?:(?![{_EAST_ASIAN}])[\w\u0300-\u036f])+")
# Arabic and Hebrew write articles, "and", "in" and "with" onto the word.
_ARTICLES = ("وال", "بال", "ال", "و", "ו", "ה", "ב")


def _read_lines() -> dict[str, str]:
    return {word: line.split()[0] for line in _LINES.strip().split("\n") for word in line.split()[1:]}


_MEANINGS: Mapping[str, str] = _read_lines()
_EAST_ASIAN_WORDS = re.compile(
    "|".join(sorted(filter(_IS_EAST_ASIAN.match, _MEANINGS), key=len, reverse=True))
)
# Letters a Latin word may end in besides those of its line.
_ENDINGS = ("s", "n", "en", "es", "er", "e", "a", "as", "os")
# Shorter beginnings belong to too many words.
_SHORTEST_BEGINNING = 3


def read_words(text: str) -> list[str]:
    """The words of a text in order and in lower case, those of other languages in English where they are known."""
    words: list[str] = []
    for found in _LETTERS.findall(text.lower()):
        if _IS_EAST_ASIAN.match(found):
            words += [_MEANINGS[word] for word in _EAST_ASIAN_WORDS.findall(found)]
        else:
            words.append(_MEANINGS.get(found) or _translate(found))
    return words


def _translate(word: str) -> str:
    """The meaning of a word with an ending or an article, or the word."""
    if word[0] < "\u0250":
        stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
        return next((_MEANINGS[stem] for stem in stems if len(stem) > 3 and stem in _MEANINGS), word)
    if "\uac00" <= word[0] <= "\ud7a3":
        beginnings = [word[:length] for length in range(len(word), 1, -1)]
        return _first_meaning([*beginnings, *([word[0]] if len(word) == 2 else [])], word)
    stems = [word, *(word.removeprefix(article) for article in _ARTICLES if word.startswith(article))]
    beginnings = [stem[:length] for stem in stems for length in range(len(stem), _SHORTEST_BEGINNING - 1, -1)]
    return _first_meaning([*stems, *beginnings], word)


def _first_meaning(words: list[str], otherwise: str) -> str:
    return next((_MEANINGS[word] for word in words if word in _MEANINGS), otherwise)
