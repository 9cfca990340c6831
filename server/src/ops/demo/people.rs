//! Believable people for demonstrations: Kenyan names, the same ones for the same seed.

use hillview_shared::students::Sex;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

const GIRLS: &[&str] = &[
    "Achieng",
    "Akinyi",
    "Amina",
    "Anne",
    "Atieno",
    "Beatrice",
    "Brenda",
    "Caroline",
    "Chebet",
    "Chepkoech",
    "Cynthia",
    "Damaris",
    "Diana",
    "Esther",
    "Eunice",
    "Faith",
    "Fatuma",
    "Gathoni",
    "Grace",
    "Halima",
    "Hellen",
    "Ivy",
    "Jane",
    "Janet",
    "Jebet",
    "Joy",
    "Joyce",
    "Kagendo",
    "Kerubo",
    "Lilian",
    "Lucy",
    "Makena",
    "Mary",
    "Mercy",
    "Moraa",
    "Mwikali",
    "Naliaka",
    "Nafula",
    "Naomi",
    "Nekesa",
    "Njeri",
    "Nyaboke",
    "Nyambura",
    "Purity",
    "Rehema",
    "Rose",
    "Ruth",
    "Saida",
    "Sharon",
    "Syombua",
    "Tabitha",
    "Wairimu",
    "Wambui",
    "Wangari",
    "Wanjiku",
    "Winnie",
    "Zawadi",
];
const BOYS: &[&str] = &[
    "Abdi", "Alex", "Ali", "Barasa", "Brian", "Collins", "Daniel", "David", "Dennis", "Dominic",
    "Elijah", "Emmanuel", "Eric", "Felix", "Francis", "Gideon", "Hassan", "Ian", "Isaac",
    "Jackson", "James", "John", "Joseph", "Juma", "Kamau", "Karanja", "Kelvin", "Kevin", "Kiprono",
    "Kiptoo", "Kioko", "Lewis", "Mark", "Martin", "Maina", "Mohamed", "Moses", "Mutua", "Mwangi",
    "Njoroge", "Nyongesa", "Odhiambo", "Ochieng", "Omondi", "Onyango", "Otieno", "Paul", "Peter",
    "Philip", "Said", "Samuel", "Simon", "Stephen", "Timothy", "Victor", "Wafula", "Wekesa",
    "Yusuf",
];
const FAMILIES: &[&str] = &[
    "Abdullahi",
    "Adhiambo",
    "Barasa",
    "Chelimo",
    "Cheruiyot",
    "Gitau",
    "Githinji",
    "Hassan",
    "Kamau",
    "Karanja",
    "Kariuki",
    "Kibet",
    "Kilonzo",
    "Kimani",
    "Kimutai",
    "Kipkemboi",
    "Kiplagat",
    "Koech",
    "Macharia",
    "Makokha",
    "Mbugua",
    "Mohamed",
    "Momanyi",
    "Mugo",
    "Muriuki",
    "Musyoka",
    "Muthoni",
    "Mutiso",
    "Mutua",
    "Mwangi",
    "Mwendwa",
    "Ndung'u",
    "Ng'ang'a",
    "Ng'eno",
    "Njuguna",
    "Nyakundi",
    "Nyamweya",
    "Ochieng",
    "Odhiambo",
    "Ogutu",
    "Okoth",
    "Omar",
    "Omondi",
    "Ondieki",
    "Onyango",
    "Opiyo",
    "Otieno",
    "Ouma",
    "Owino",
    "Rotich",
    "Simiyu",
    "Wafula",
    "Waweru",
    "Were",
];

/// A person without a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub sex: Sex,
}

/// Makes up a person of either sex, with two or three names.
pub fn person(random: &mut StdRng) -> Person {
    let sex = if rand::RngExt::random_bool(random, 0.5) {
        Sex::Female
    } else {
        Sex::Male
    };
    let first = if sex == Sex::Female { GIRLS } else { BOYS };
    let mut pick = |names: &[&'static str]| names.choose(random).copied().unwrap_or_default();
    let (given, family) = (pick(first), pick(FAMILIES));
    let middle = pick(first);
    let name = match middle == given || middle == family {
        true => format!("{given} {family}"),
        false => format!("{given} {middle} {family}"),
    };
    Person { name, sex }
}

#[cfg(test)]
mod tests {
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
}
