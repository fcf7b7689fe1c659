//! Paths of elements, `/alert/info[1]/area[2]/polygon[1]`, and the way from a path of the JSON form to the element.

use super::{
    schema::{ALERT, Slot},
    tree::Node,
};

/// The path of an element. What may stand more than once is numbered from 1, and so is what stands more than once.
pub(super) fn of(node: Node<'_>) -> String {
    let Some(parent) = node.parent() else { return format!("/{}", node.element().name) };
    let element = node.element();
    let number = 1 + parent.named(element.name).take_while(|sibling| sibling.element().offset < element.offset).count();
    let numbered = number > 1 || slots_of(parent).iter().any(|slot| slot.many && slot.xml == element.name);
    let mut path = of(parent);
    path.push('/');
    path.extend(element.name.chars().take(80));
    if numbered {
        path.push_str(&format!("[{number}]"));
    }
    path
}

/// The sequence inside an element.
fn slots_of(node: Node<'_>) -> &'static [Slot] {
    match node.parent() {
        None => ALERT,
        Some(parent) => {
            slots_of(parent).iter().find(|slot| slot.xml == node.element().name).map_or(&[], |slot| slot.inside)
        }
    }
}

/// The element path and the byte for a JSON pointer that a rule gave. What is missing stands where its parent is.
pub(super) fn of_pointer(root: Node<'_>, pointer: &str) -> (usize, String) {
    let mut node = root;
    let mut slots = ALERT;
    let mut steps = pointer.split('/').skip(1).peekable();
    while let Some(step) = steps.next() {
        // Parts of what is one text in CAP (an item of the references, the centre of a circle) have no element.
        let Some(slot) = slots.iter().find(|slot| slot.json == step) else { break };
        let item = if slot.many { steps.next_if(|next| next.parse::<usize>().is_ok()) } else { None };
        let index = item.and_then(|item| item.parse().ok()).unwrap_or(0);
        // Empty elements do not count: the reader takes them as absent.
        let counts = |child: &Node<'_>| slot.required || !slot.inside.is_empty() || !child.is_blank();
        let Some(child) = node.named(slot.xml).filter(counts).nth(index) else {
            return (node.element().offset, format!("{}/{}", of(node), slot.xml));
        };
        node = child;
        slots = slot.inside;
    }
    (node.element().offset, of(node))
}
