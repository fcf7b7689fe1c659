//! Paths of elements, `/alert/info[1]/area[2]/polygon[1]`, and the way from a path of the JSON form to the element.

use super::{schema::Slot, tree::Node};

/// The path of an element of a document whose root holds `root`. What may stand more than once is numbered from 1, and so is what stands more than once.
pub(in crate::domain) fn of(node: Node<'_>, root: &'static [Slot]) -> String {
    let Some(parent) = node.parent() else { return format!("/{}", node.element().name) };
    let element = node.element();
    let number = 1 + parent.named(element.name).take_while(|sibling| sibling.element().offset < element.offset).count();
    let numbered = number > 1 || slots_of(parent, root).iter().any(|slot| slot.many && slot.xml == element.name);
    let mut path = of(parent, root);
    path.push('/');
    path.extend(element.name.chars().take(80));
    if numbered {
        path.push_str(&format!("[{number}]"));
    }
    path
}

/// The sequence inside an element.
fn slots_of(node: Node<'_>, root: &'static [Slot]) -> &'static [Slot] {
    match node.parent() {
        None => root,
        Some(parent) => {
            let mut slots = slots_of(parent, root).iter();
            slots.find(|slot| slot.xml == node.element().name).map_or(&[], |slot| slot.inside)
        }
    }
}

/// The element path and the byte for a JSON pointer that a rule gave. What is missing stands where its parent is.
pub(in crate::domain) fn of_pointer(root: Node<'_>, schema: &'static [Slot], pointer: &str) -> (usize, String) {
    // A form may have at its root what is deep in a message.
    let own = schema.iter().find(|slot| slot.json.contains('/') && pointer.strip_prefix('/') == Some(slot.json));
    if let Some(slot) = own {
        let node = root.named(slot.xml).next().unwrap_or(root);
        return (node.element().offset, format!("{}/{}", of(root, schema), slot.xml));
    }
    let mut node = root;
    let mut slots = schema;
    let mut steps = pointer.split('/').skip(1).peekable();
    while let Some(step) = steps.next() {
        // Parts of what is one text in CAP (an item of the references, the centre of a circle) have no element.
        let Some(slot) = slots.iter().find(|slot| slot.json == step) else { break };
        let item = steps.next_if(|next| next.parse::<usize>().is_ok());
        let index = item.filter(|_| slot.many).and_then(|item| item.parse().ok()).unwrap_or(0);
        // Empty elements do not count: the reader takes them as absent.
        let counts = |child: &Node<'_>| slot.required || !slot.inside.is_empty() || !child.is_blank();
        let Some(child) = node.named(slot.xml).filter(counts).nth(index) else {
            return (node.element().offset, format!("{}/{}", of(node, schema), slot.xml));
        };
        node = child;
        slots = slot.inside;
    }
    (node.element().offset, of(node, schema))
}
