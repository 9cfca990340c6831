//! What each call costs in statements, through the real gate: within its bound, and the same in a
//! small school and in one several times as large. `docs/reference/statements.md` has the counts.

mod calls;
mod large;
mod locks;
mod plans;
mod stage;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use hillview_server::testing::{Engine, on_each_engine};

use crate::api_reference;
use calls::{Bound, CALLS, Priced};
use stage::Stage;

/// The name of a call and the way in which it is made.
type Name = (&'static str, &'static str);

/// Statements when the session is known, when it is not, and transactions.
#[derive(Debug)]
struct Cost {
    warm: usize,
    cold: usize,
    begun: u32,
    #[expect(dead_code, reason = "shown when the counts are not the same")]
    text: [Vec<String>; 2],
}

impl PartialEq for Cost {
    fn eq(&self, other: &Self) -> bool {
        let counts = |it: &Self| (it.warm, it.cold, it.begun);
        counts(self) == counts(other)
    }
}

#[test]
fn every_call_has_its_price() {
    let mut priced: Vec<_> = CALLS.iter().map(|call| call.method).collect();
    priced.dedup();
    let all: Vec<_> = api_reference::calls()
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(priced, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_costs_as_many_statements_in_a_large_school_as_in_a_small_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/statements.md");
    on_each_engine(async |it| {
        let mut stage = Box::pin(Stage::build(it)).await;
        let small = costs(&mut stage).await;
        large::grow(stage.head().db()).await;
        let large = costs(&mut stage).await;
        let odd = std::mem::take(&mut stage.odd);
        let planned = plans::check(it.engine, &stage).await;
        stage.end().await;
        assert!(odd.is_empty(), "{odd:#?}");
        let files: Vec<_> = CALLS
            .iter()
            .filter(|call| call.bound == Bound::File)
            .collect();
        let grows = |call: &Name| files.iter().any(|file| file.name() == *call);
        let grown = small
            .iter()
            .filter(|(call, cost)| large[*call] != **cost && !grows(call));
        let grown: Vec<_> = grown
            .map(|(call, cost)| (call, cost, &large[call]))
            .collect();
        let over: Vec<_> = CALLS.iter().filter(|call| is_over(call, &small)).collect();
        let over: Vec<_> = over
            .iter()
            .map(|call| (call.name(), &small[&call.name()]))
            .collect();
        assert!(
            grown.is_empty() && over.is_empty(),
            "more in a large school: {grown:#?}\nover the bound: {over:#?}"
        );
        if let Err(scans) = planned {
            panic!("{scans}");
        }
        let page = page(&small);
        if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() && it.engine == Engine::Sqlite {
            std::fs::write(&path, &page).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let lines = page.lines().zip(written.lines());
        let differ: Vec<_> = lines.filter(|(is, was)| is != was).collect();
        assert!(
            page == written,
            "docs/reference/statements.md says something else: {differ:#?}"
        );
    })
    .await;
}

async fn costs(stage: &mut Stage<'_>) -> BTreeMap<Name, Cost> {
    let mut costs = BTreeMap::new();
    for call in CALLS {
        if matches!(call.bound, Bound::Whole(_)) {
            continue;
        }
        // The first may fill what is read once and kept, such as a grading scheme; what is kept for a
        // minute may end between two of them.
        let mut warm = Box::pin(stage.made(call, true)).await;
        let mut cold = Box::pin(stage.made(call, false)).await;
        for _ in 0..2 {
            let again = Box::pin(stage.made(call, true)).await;
            warm = if again.statements <= warm.statements {
                again
            } else {
                warm
            };
            let again = Box::pin(stage.made(call, false)).await;
            cold = if again.statements <= cold.statements {
                again
            } else {
                cold
            };
        }
        let cost = Cost {
            warm: warm.statements,
            cold: cold.statements,
            begun: warm.begun,
            text: [warm.text, cold.text],
        };
        costs.insert(call.name(), cost);
    }
    costs
}

fn is_over(call: &Priced, costs: &BTreeMap<Name, Cost>) -> bool {
    let most = match call.bound {
        Bound::List => 3,
        Bound::Save => 5,
        Bound::Change | Bound::File | Bound::Whole(_) => usize::MAX,
    };
    costs.get(&call.name()).is_some_and(|cost| cost.warm > most)
}

fn page(costs: &BTreeMap<Name, Cost>) -> String {
    let mut page = String::from(
        "# Statements of each call\n\n\
         Made by a test that makes each call through a real server, on each engine, in a small school and in one several times as large, and compares: the counts are the same.\n\n\
         *Known* is the count when the server knows the caller's session, as it does for 15 seconds after it read it, and remembers terms, classes and papers; *read* when it reads the session first.\n\
         A second after the last call the school's epoch is asked for, now and then the school itself, and once a minute the session's use is noted: a statement or two more each, which are not counted here.\n\
         Begin and commit are not counted; the last column says how many transactions there are.\n\n\
         - `list`: shows something, in at most 3 statements.\n\
         - `save`: saves a sheet, in at most 5.\n\
         - `change`: changes something, with its checks and its line of the audit log, in one transaction; no more in a larger school.\n\
         - `file`: as many as the file has batches of rows and the register has pages of some thousand students, beside what a change has; here of the small school.\n\n\
         | call | what | known | read | transactions |\n|---|---|---|---|---|\n",
    );
    for call in CALLS {
        let (what, refused) = match call.bound {
            Bound::List => ("list", ""),
            Bound::Save => ("save", ""),
            Bound::Change => ("change", call.refused),
            Bound::File => ("file", ""),
            Bound::Whole(why) => {
                let _ = writeln!(page, "| `{}` | {why} | | | |", call.method);
                continue;
            }
        };
        let refused = match refused {
            "" => String::new(),
            code => format!(", refused: `{code}`"),
        };
        let how = match call.how {
            "" => String::new(),
            how => format!(", {how}"),
        };
        let Cost {
            warm, cold, begun, ..
        } = &costs[&call.name()];
        let _ = writeln!(
            page,
            "| `{}`{how} | {what}{refused} | {warm} | {cold} | {begun} |",
            call.method
        );
    }
    page
}
