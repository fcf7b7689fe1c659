use proptest::prelude::*;

use super::*;

const START: i64 = 1_000_000;
const WAIT: i64 = 60_000;
const STEPS: usize = 3;

/// What happens to one person, told one by one.
fn alone(has: [bool; STEPS], fails: &[(usize, i64)], answered: bool, until: i64) -> [bool; STEPS] {
    let mut begun = [false; STEPS];
    let Some(mut step) = has.iter().position(|has| *has) else { return begun };
    let mut since = START;
    begun[step] = true;
    while !answered {
        let failed = fails.iter().filter(|(on, at)| *on == step && *at < since + WAIT && *at >= START).map(|(_, at)| *at).min();
        let over = failed.map_or(since + WAIT, |at| (at + 999) / 1_000 * 1_000);
        let looked = failed.unwrap_or(over);
        let Some(next) = (step + 1..STEPS).find(|next| has[*next]) else { break };
        if looked > until {
            break;
        }
        (step, since) = (next, over);
        begun[step] = true;
    }
    begun
}

proptest! {
    /// Bitmaps say of everybody what his own story says, whether it is looked at every second or once at the end.
    #[test]
    fn agree_with_every_persons_own_story(
        people in prop::collection::vec((any::<[bool; STEPS]>(), prop::collection::btree_map(0usize..STEPS, 0i64..300, 0..3), any::<bool>()), 1..20),
        seconds in 1i64..400,
    ) {
        let audiences: Vec<RoaringBitmap> = (0..STEPS)
            .map(|step| people.iter().zip(0u32..).filter(|((has, ..), _)| has[step]).map(|(_, row)| row).collect())
            .collect();
        let audiences: Vec<&RoaringBitmap> = audiences.iter().collect();
        let answered: RoaringBitmap = people.iter().zip(0u32..).filter(|((_, _, answered), _)| *answered).map(|(_, row)| row).collect();
        let end = START + seconds * 1_000;
        let mut events: Vec<(i64, usize, u32)> = people
            .iter()
            .zip(0u32..)
            .flat_map(|((_, fails, _), row)| fails.iter().map(move |(step, at)| (START + at * 1_000, *step, row)))
            .filter(|(at, ..)| *at <= end)
            .collect();
        events.sort_unstable();
        for looks in [1_000, 400_000_000] {
            let mut turns = Turns::new(&audiences, START, WAIT);
            let mut left = events.iter().peekable();
            let mut now = START;
            loop {
                while let Some((at, step, row)) = left.next_if(|(at, ..)| *at <= now) {
                    turns.fail(&audiences, *step, *at, &RoaringBitmap::from_iter([*row]), &answered);
                }
                turns.advance(&audiences, now, &answered);
                if now >= end {
                    break;
                }
                now = (now + looks).min(end);
            }
            for ((has, fails, is_answered), row) in people.iter().zip(0u32..) {
                // A failure on a channel whose turn has not begun, or is over, changes nothing.
                let fails: Vec<(usize, i64)> = fails.iter().map(|(step, at)| (*step, START + at * 1_000)).collect();
                let expected = alone(*has, &in_turn(*has, &fails), *is_answered, end);
                let begun: Vec<bool> = (0..STEPS).map(|step| turns.begun(step).contains(row)).collect();
                prop_assert_eq!(begun, expected.to_vec(), "row {} of {:?} {:?}", row, has, fails);
            }
        }
    }
}

/// Failures that come while the person is on that channel; none can come before its turn begins.
fn in_turn(has: [bool; STEPS], fails: &[(usize, i64)]) -> Vec<(usize, i64)> {
    let mut kept = Vec::new();
    let mut since = START;
    let mut step = has.iter().position(|has| *has);
    while let Some(now) = step {
        let failed = fails.iter().find(|(on, at)| *on == now && *at >= since && *at < since + WAIT);
        kept.extend(failed);
        since = failed.map_or(since + WAIT, |(_, at)| *at);
        step = (now + 1..STEPS).find(|next| has[*next]);
    }
    kept
}

#[test]
fn who_has_no_address_on_the_first_channel_begins_with_the_second() {
    let (first, second): (RoaringBitmap, RoaringBitmap) = ((0..5).collect(), (3..9).collect());
    let turns = Turns::new(&[&first, &second], START, WAIT);
    assert_eq!(turns.begun(0), &first);
    assert_eq!(turns.begun(1), &(5..9).collect::<RoaringBitmap>());
}

#[test]
fn nobody_goes_on_who_answered() {
    let all: RoaringBitmap = (0..10).collect();
    let answered: RoaringBitmap = (0..4).collect();
    let audiences = [&all, &all];
    let mut turns = Turns::new(&audiences, START, WAIT);
    turns.advance(&audiences, START + WAIT - 1, &answered);
    assert!(turns.begun(1).is_empty());
    turns.advance(&audiences, START + WAIT, &answered);
    assert_eq!(turns.begun(1), &(4..10).collect::<RoaringBitmap>());
}
