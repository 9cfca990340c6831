//! Believable people for demonstrations: Kenyan names of several communities, the same ones for
//! the same seed.

use hillview_shared::students::Sex;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

const GIRLS: &[&str] = &[
    "Agnes",
    "Alice",
    "Anne",
    "Beatrice",
    "Brenda",
    "Caroline",
    "Catherine",
    "Cynthia",
    "Damaris",
    "Diana",
    "Doreen",
    "Edith",
    "Esther",
    "Eunice",
    "Faith",
    "Gladys",
    "Grace",
    "Hellen",
    "Irene",
    "Ivy",
    "Jane",
    "Janet",
    "Josephine",
    "Joy",
    "Joyce",
    "Judith",
    "Lilian",
    "Linet",
    "Lucy",
    "Lydia",
    "Margaret",
    "Martha",
    "Mary",
    "Mercy",
    "Miriam",
    "Naomi",
    "Pauline",
    "Priscilla",
    "Purity",
    "Rachel",
    "Rebecca",
    "Rose",
    "Ruth",
    "Sarah",
    "Sharon",
    "Stella",
    "Susan",
    "Tabitha",
    "Teresia",
    "Valentine",
    "Veronica",
    "Vivian",
    "Winnie",
];
const BOYS: &[&str] = &[
    "Alex", "Alfred", "Amos", "Anthony", "Benard", "Benson", "Brian", "Charles", "Collins",
    "Daniel", "David", "Dennis", "Dominic", "Edwin", "Elijah", "Emmanuel", "Eric", "Evans",
    "Felix", "Francis", "Geoffrey", "George", "Gideon", "Ian", "Isaac", "Jackson", "James", "John",
    "Jonathan", "Joseph", "Joshua", "Kelvin", "Kennedy", "Kevin", "Lewis", "Mark", "Martin",
    "Michael", "Moses", "Nicholas", "Patrick", "Paul", "Peter", "Philip", "Robert", "Samuel",
    "Simon", "Stephen", "Timothy", "Titus", "Victor", "Vincent", "William",
];
const GIRLS_OF_THE_COAST: &[&str] = &[
    "Aisha",
    "Amina",
    "Asha",
    "Fatuma",
    "Halima",
    "Hawa",
    "Khadija",
    "Maimuna",
    "Mariam",
    "Mwanaisha",
    "Nuru",
    "Rehema",
    "Rukia",
    "Saida",
    "Salma",
    "Swabra",
    "Zainab",
    "Zawadi",
];
const BOYS_OF_THE_COAST: &[&str] = &[
    "Abdalla", "Abubakar", "Ahmed", "Ali", "Bakari", "Faraj", "Hamisi", "Hassan", "Ibrahim",
    "Idris", "Ismail", "Juma", "Mohamed", "Omar", "Rashid", "Said", "Salim", "Suleiman", "Yusuf",
];

/// A people with its names. A child has a name of its own and one of its family, which is a man's.
struct Community {
    /// How many of a hundred.
    share: u32,
    first: [&'static [&'static str]; 2],
    girls: &'static [&'static str],
    boys: &'static [&'static str],
    families: &'static [&'static str],
}

const COMMUNITIES: &[Community] = &[
    Community {
        share: 22,
        first: [GIRLS, BOYS],
        girls: &[
            "Gathoni", "Muthoni", "Njambi", "Njeri", "Njoki", "Nyambura", "Nyokabi", "Waithera",
            "Wairimu", "Wambui", "Wangari", "Wangui", "Wanjiku", "Wanjiru", "Warigia",
        ],
        boys: &[
            "Chege", "Gitau", "Kamau", "Karanja", "Kariuki", "Kimani", "Macharia", "Maina",
            "Mbugua", "Mwangi", "Ndung'u", "Ng'ang'a", "Njoroge", "Njuguna", "Waweru",
        ],
        families: &[
            "Gachanja", "Gitau", "Githinji", "Kamau", "Karanja", "Kariuki", "Kihara", "Kimani",
            "Kinyua", "Macharia", "Maina", "Mbugua", "Muchiri", "Mugo", "Mwangi", "Ndung'u",
            "Ng'ang'a", "Njoroge", "Njuguna", "Wainaina", "Waweru",
        ],
    },
    Community {
        share: 15,
        first: [GIRLS, BOYS],
        girls: &[
            "Achieng", "Adhiambo", "Adongo", "Akinyi", "Akoth", "Anyango", "Apiyo", "Atieno",
            "Auma", "Awino", "Awuor",
        ],
        boys: &[
            "Ochieng", "Odhiambo", "Okoth", "Omondi", "Onyango", "Opiyo", "Oduor", "Otieno",
            "Ouma", "Owino", "Owuor",
        ],
        families: &[
            "Ajwang", "Ogola", "Ogutu", "Okech", "Okello", "Okoth", "Oloo", "Omolo", "Omondi",
            "Ong'ondo", "Onyango", "Opiyo", "Oduor", "Otieno", "Ouma", "Owino", "Were",
        ],
    },
    Community {
        share: 15,
        first: [GIRLS, BOYS],
        girls: &[
            "Khadambi", "Kadenyi", "Mmbone", "Nafula", "Naliaka", "Nanjala", "Nasimiyu", "Nekesa",
            "Nelima", "Wakasa", "Wanjala",
        ],
        boys: &[
            "Barasa", "Juma", "Kundu", "Mukhwana", "Nyongesa", "Simiyu", "Wafula", "Wanyama",
            "Wanyonyi", "Wekesa",
        ],
        families: &[
            "Barasa",
            "Khaemba",
            "Kisiang'ani",
            "Lusweti",
            "Makokha",
            "Masinde",
            "Mudavadi",
            "Muliro",
            "Mukhwana",
            "Nyongesa",
            "Shikuku",
            "Simiyu",
            "Sitati",
            "Wafula",
            "Wamalwa",
            "Wanyama",
            "Wekesa",
        ],
    },
    Community {
        share: 14,
        first: [GIRLS, BOYS],
        girls: &[
            "Chebet",
            "Chelangat",
            "Chemutai",
            "Chepkemoi",
            "Chepkoech",
            "Chepngetich",
            "Cherono",
            "Jebet",
            "Jeptoo",
            "Jerop",
            "Jerotich",
        ],
        boys: &[
            "Cheruiyot",
            "Kibet",
            "Kipchumba",
            "Kipkoech",
            "Kiplagat",
            "Kiprono",
            "Kiprotich",
            "Kiptoo",
            "Kimutai",
            "Koech",
            "Langat",
        ],
        families: &[
            "Bett",
            "Chelimo",
            "Cheruiyot",
            "Chirchir",
            "Keter",
            "Kibet",
            "Kimutai",
            "Kipkemboi",
            "Kirui",
            "Koech",
            "Korir",
            "Koskei",
            "Langat",
            "Limo",
            "Ng'eno",
            "Rono",
            "Rotich",
            "Ruto",
            "Sang",
            "Tanui",
            "Too",
        ],
    },
    Community {
        share: 11,
        first: [GIRLS, BOYS],
        girls: &[
            "Kalondu", "Kamene", "Katunge", "Mbithe", "Mumbua", "Mutheu", "Mwende", "Mwikali",
            "Ndinda", "Nduku", "Syombua", "Wavinya",
        ],
        boys: &[
            "Kioko", "Kyalo", "Makau", "Muema", "Musau", "Mutinda", "Mutua", "Mutuku", "Mwendwa",
            "Ndolo", "Nzioka",
        ],
        families: &[
            "Kilonzo", "Kioko", "Kisilu", "Kitheka", "Kyalo", "Makau", "Muli", "Musyoka", "Mutiso",
            "Mutua", "Mutunga", "Mwanzia", "Ngumbi", "Nzioka", "Wambua",
        ],
    },
    Community {
        share: 7,
        first: [GIRLS, BOYS],
        girls: &[
            "Bosibori",
            "Bochaberi",
            "Gesare",
            "Kemunto",
            "Kerubo",
            "Kwamboka",
            "Moraa",
            "Nyaboke",
            "Nyanchama",
        ],
        boys: &[
            "Mogaka", "Mokaya", "Momanyi", "Nyabuto", "Nyamweya", "Obara", "Omariba", "Ondieki",
            "Onsongo",
        ],
        families: &[
            "Gichana", "Makori", "Mogaka", "Mokaya", "Momanyi", "Moseti", "Nyakundi", "Nyamweya",
            "Nyariki", "Obara", "Ombati", "Ondieki", "Ongeri", "Orina",
        ],
    },
    Community {
        share: 6,
        first: [GIRLS, BOYS],
        girls: &[
            "Gacheri", "Gatwiri", "Kagendo", "Kanana", "Karimi", "Kathure", "Kawira", "Makena",
            "Mukami", "Nkatha",
        ],
        boys: &[
            "Gitonga", "Kimathi", "Kirimi", "Koome", "Mawira", "Mugambi", "Murithi", "Mutembei",
            "Mutuma", "Mwenda",
        ],
        families: &[
            "Gikunda",
            "Gitonga",
            "Kaimenyi",
            "Kiraitu",
            "Kirimi",
            "M'Ikiara",
            "Mbaabu",
            "M'Mbijiwe",
            "Mugambi",
            "Muriuki",
            "Murungi",
            "Muthamia",
            "Mwenda",
            "Nkonge",
        ],
    },
    Community {
        share: 10,
        first: [GIRLS_OF_THE_COAST, BOYS_OF_THE_COAST],
        girls: &[
            "Dama",
            "Kadzo",
            "Kahindi",
            "Mbeyu",
            "Mwanakombo",
            "Mwanamisi",
            "Sidi",
            "Umazi",
        ],
        boys: &[
            "Baya", "Charo", "Hamadi", "Karisa", "Katana", "Kombo", "Mwinyi", "Ngala", "Shee",
        ],
        families: &[
            "Abdullahi",
            "Athman",
            "Baya",
            "Charo",
            "Farah",
            "Hussein",
            "Issack",
            "Jillo",
            "Kazungu",
            "Mohamed",
            "Mwakio",
            "Mwangemi",
            "Mwinyi",
            "Ngala",
            "Noor",
            "Omar",
            "Shariff",
            "Warsame",
            "Yaa",
        ],
    },
];

/// A person without a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub sex: Sex,
}

/// Makes up a person of either sex, with two or three names of one community.
pub fn person(random: &mut StdRng) -> Person {
    let sex = match random.random_bool(0.5) {
        true => Sex::Female,
        false => Sex::Male,
    };
    let community = community(random.random_range(0..100));
    let [girls, boys] = community.first;
    let (first, own) = match sex {
        Sex::Female => (girls, community.girls),
        Sex::Male => (boys, community.boys),
    };
    let mut pick = |names: &[&'static str]| names.choose(random).copied().unwrap_or_default();
    let (first, own, family) = (pick(first), pick(own), pick(community.families));
    let name = match own == family || first == own || first == family {
        true => format!("{first} {family}"),
        false => format!("{first} {own} {family}"),
    };
    Person { name, sex }
}

/// The community of a hundredth.
fn community(mut hundredth: u32) -> &'static Community {
    let found = COMMUNITIES.iter().find(|community| {
        let here = hundredth < community.share;
        hundredth = hundredth.saturating_sub(community.share);
        here
    });
    found.unwrap_or(&COMMUNITIES[0])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_people() {
        let people = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            [0; 40].map(|_| person(&mut random))
        };
        assert_eq!(people(7), people(7));
        assert_ne!(people(7), people(8));
    }

    #[test]
    fn communities_make_up_the_whole_and_few_people_share_a_name() {
        let shares: u32 = COMMUNITIES.iter().map(|community| community.share).sum();
        assert_eq!(shares, 100);
        let mut random = StdRng::seed_from_u64(1);
        let names: HashSet<String> = (0..1_000).map(|_| person(&mut random).name).collect();
        assert!(names.len() > 950, "{}", names.len());
    }
}
