//! Names as Kenyan registers have them, put together at random.

/// Numbers that look random and are the same every time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| u8::try_from(self.roll(256)).unwrap_or(0))
    }
}

const GIRLS: &[&str] = &[
    "Achieng", "Aisha", "Amina", "Brenda", "Caroline", "Charity", "Cynthia", "Diana", "Esther",
    "Eunice", "Faith", "Fatuma", "Florence", "Gladys", "Grace", "Halima", "Hellen", "Irene",
    "Jackline", "Jane", "Joy", "Joyce", "Lilian", "Lucy", "Lydia", "Margaret", "Mary", "Mercy",
    "Miriam", "Naomi", "Nancy", "Pauline", "Peris", "Purity", "Rachael", "Rebecca", "Rose", "Ruth",
    "Sarah", "Sharon", "Sheila", "Stella", "Susan", "Tabitha", "Valerie", "Veronica", "Vivian",
    "Winnie", "Yvonne", "Zainab",
];

const BOYS: &[&str] = &[
    "Abdi", "Alex", "Allan", "Amos", "Anthony", "Benjamin", "Bonface", "Brian", "Caleb", "Collins",
    "Daniel", "David", "Dennis", "Derrick", "Duncan", "Edwin", "Elijah", "Emmanuel", "Eric",
    "Evans", "Felix", "Francis", "Geoffrey", "George", "Gideon", "Hassan", "Ibrahim", "Isaac",
    "Jackson", "James", "John", "Joseph", "Joshua", "Julius", "Kelvin", "Kennedy", "Kevin",
    "Martin", "Michael", "Moses", "Nicholas", "Patrick", "Paul", "Peter", "Philip", "Robert",
    "Samuel", "Simon", "Stephen", "Victor", "Vincent", "William", "Yusuf",
];

const FAMILY: &[&str] = &[
    "Abdullahi",
    "Achieng",
    "Akinyi",
    "Anyango",
    "Atieno",
    "Awuor",
    "Barasa",
    "Chebet",
    "Cherono",
    "Chepkoech",
    "Gathoni",
    "Gitau",
    "Juma",
    "Kamau",
    "Karanja",
    "Kariuki",
    "Kemboi",
    "Khamis",
    "Kibet",
    "Kimani",
    "Kimutai",
    "Kinyua",
    "Kipchoge",
    "Kiplagat",
    "Kiprono",
    "Kipruto",
    "Koech",
    "Korir",
    "Langat",
    "Maina",
    "Makena",
    "Makori",
    "Mbugua",
    "Mohamed",
    "Moraa",
    "Muli",
    "Mumbua",
    "Muriithi",
    "Musyoka",
    "Muthoni",
    "Mutiso",
    "Mutua",
    "Mwangi",
    "Mwende",
    "Mwikali",
    "Nafula",
    "Naliaka",
    "Ndungu",
    "Nekesa",
    "Njeri",
    "Njoroge",
    "Njuguna",
    "Nyaboke",
    "Nyambura",
    "Nyongesa",
    "Nyokabi",
    "Ochieng",
    "Odhiambo",
    "Okoth",
    "Omar",
    "Omondi",
    "Onyango",
    "Otieno",
    "Ouma",
    "Owino",
    "Rotich",
    "Ruto",
    "Simiyu",
    "Wafula",
    "Wairimu",
    "Waithera",
    "Wambui",
    "Wangari",
    "Wanjala",
    "Wanjiku",
    "Wanjiru",
    "Wanyama",
    "Waweru",
    "Were",
];

/// A student's or a teacher's name, of two or three parts.
pub fn person(dice: &mut Dice) -> String {
    let first = if dice.roll(2) == 0 {
        dice.one(GIRLS)
    } else {
        dice.one(BOYS)
    };
    match dice.roll(4) {
        0 => format!("{first} {}", dice.one(FAMILY)),
        _ => format!("{first} {} {}", dice.one(FAMILY), dice.one(FAMILY)),
    }
}

/// The name of a login.
pub fn login(name: &str) -> String {
    let mut parts = name.split(' ');
    let first = parts.next().unwrap_or_default();
    let last = parts.next_back().unwrap_or_default();
    format!("{first}.{last}").to_lowercase()
}
