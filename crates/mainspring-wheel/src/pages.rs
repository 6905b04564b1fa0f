//! Stores links and values in pages that never move, and knows which places are taken.
//!
//! A wheel of a million timers is larger than any cache, so what counts is how many cache lines one
//! operation touches. Links are 16 bytes, four to a line; values stand apart, so that walking a list
//! reads links alone. Growing adds a page and copies nothing.
//!
//! # Ground rules
//! - A place holds a value exactly while its generation is odd. Generations change in `fill` and
//!   `empty` alone, and no code outside of this file can reach them.
//! - This is the crate's one file with unsafe code. It pays in memory: a `u64` takes 8 bytes here and
//!   16 in an `Option`, a third of all that a timer takes. With `--cfg mainspring_safe` the values
//!   stand in `Option`s, and the crate forbids unsafe code.

use alloc::boxed::Box;
use alloc::vec::Vec;
#[cfg(not(mainspring_safe))]
use core::mem::MaybeUninit;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

/// Places per page.
pub(crate) const PAGE: usize = 1024;

/// No place: the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// How a place hangs in its list, and the low half of its deadline.
#[derive(Clone, Copy)]
pub(crate) struct Links {
    pub(crate) next: u32,
    /// The place before, or, for the first of a list, the list itself (see `lists.rs`).
    pub(crate) prev: u32,
    pub(crate) due_low: u32,
}

/// All pages: place `id` is number `id % PAGE` of page `id / PAGE`.
pub(crate) struct Pages<T> {
    pages: Vec<Page<T>>,
}

impl<T> Pages<T> {
    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new() }
    }

    pub(crate) fn count(&self) -> usize {
        self.pages.len()
    }

    /// Adds a page of empty places whose generations start at this even number.
    pub(crate) fn grow(&mut self, generation: u32) {
        self.pages.push(Page::new(generation & !1));
    }

    /// Drops the last page if nothing lives there and every generation `may` go; returns the newest.
    pub(crate) fn shrink(&mut self, may: impl Fn(usize, u32) -> bool) -> Option<u32> {
        let last = self.pages.last()?;
        let free = |(i, node): (usize, &Node)| !node.is_taken() && may(i, node.generation);
        if !last.nodes.iter().enumerate().all(free) {
            return None;
        }
        let newest = last.nodes.iter().map(|node| node.generation).max();
        self.pages.pop();
        newest
    }

    /// Gives back what the table of pages has kept for growing.
    pub(crate) fn shrink_table(&mut self) {
        self.pages.shrink_to_fit();
    }

    /// Returns the generation of the value that lives here, if one does.
    pub(crate) fn generation(&self, id: u32) -> Option<NonZeroU32> {
        let node = &self.pages.get(page(id))?.nodes[offset(id)];
        if node.is_taken() { NonZeroU32::new(node.generation) } else { None }
    }

    /// Returns the generation of this place if nothing lives here.
    pub(crate) fn free_generation(&self, id: u32) -> Option<u32> {
        let node = &self.pages.get(page(id))?.nodes[offset(id)];
        (!node.is_taken()).then_some(node.generation)
    }

    /// Puts a value into an empty place and returns its generation.
    pub(crate) fn fill(&mut self, id: u32, value: T) -> NonZeroU32 {
        self.pages[page(id)].fill(offset(id), value)
    }

    /// Takes the value out, and returns it with the generation that the place is left with: 0 when
    /// they are used up.
    pub(crate) fn empty(&mut self, id: u32) -> (T, u32) {
        self.pages[page(id)].empty(offset(id))
    }

    pub(crate) fn value(&self, id: u32) -> &T {
        self.pages[page(id)].value(offset(id))
    }

    pub(crate) fn value_mut(&mut self, id: u32) -> &mut T {
        self.pages[page(id)].value_mut(offset(id))
    }
}

impl<T> Index<u32> for Pages<T> {
    type Output = Links;

    fn index(&self, id: u32) -> &Links {
        &self.pages[page(id)].nodes[offset(id)].links
    }
}

impl<T> IndexMut<u32> for Pages<T> {
    fn index_mut(&mut self, id: u32) -> &mut Links {
        &mut self.pages[page(id)].nodes[offset(id)].links
    }
}

fn page(id: u32) -> usize {
    id as usize / PAGE
}

fn offset(id: u32) -> usize {
    id as usize % PAGE
}

#[derive(Clone, Copy)]
#[repr(align(16))]
struct Node {
    links: Links,
    generation: u32,
}

impl Node {
    fn is_taken(&self) -> bool {
        self.generation % 2 == 1
    }
}

struct Page<T> {
    nodes: Box<[Node; PAGE]>,
    #[cfg(not(mainspring_safe))]
    values: Box<[MaybeUninit<T>; PAGE]>,
    #[cfg(mainspring_safe)]
    values: Box<[Option<T>; PAGE]>,
}

fn nodes(generation: u32) -> Box<[Node; PAGE]> {
    let links = Links { next: NONE, prev: NONE, due_low: 0 };
    boxed(alloc::vec![Node { links, generation }; PAGE].into_boxed_slice())
}

fn boxed<V>(slice: Box<[V]>) -> Box<[V; PAGE]> {
    match slice.try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("a page of another length"),
    }
}

#[cfg(not(mainspring_safe))]
impl<T> Page<T> {
    fn new(generation: u32) -> Self {
        Self { nodes: nodes(generation), values: boxed(Box::new_uninit_slice(PAGE)) }
    }

    fn fill(&mut self, i: usize, value: T) -> NonZeroU32 {
        let node = &mut self.nodes[i];
        assert!(!node.is_taken(), "this place is taken");
        self.values[i].write(value);
        node.generation += 1;
        NonZeroU32::MIN | node.generation
    }

    fn empty(&mut self, i: usize) -> (T, u32) {
        let node = &mut self.nodes[i];
        assert!(node.is_taken(), "this place is empty");
        node.generation = node.generation.wrapping_add(1);
        // SAFETY: the generation was odd, so `fill` wrote this value and nobody has taken it since;
        // it is even now, so nobody will take or drop it again.
        let value = unsafe { self.values[i].assume_init_read() };
        (value, node.generation)
    }

    fn value(&self, i: usize) -> &T {
        assert!(self.nodes[i].is_taken(), "this place is empty");
        // SAFETY: the generation is odd, so `fill` wrote this value and nobody has taken it since.
        unsafe { self.values[i].assume_init_ref() }
    }

    fn value_mut(&mut self, i: usize) -> &mut T {
        assert!(self.nodes[i].is_taken(), "this place is empty");
        // SAFETY: the generation is odd, so `fill` wrote this value and nobody has taken it since.
        unsafe { self.values[i].assume_init_mut() }
    }
}

#[cfg(not(mainspring_safe))]
impl<T> Drop for Page<T> {
    fn drop(&mut self) {
        if !core::mem::needs_drop::<T>() {
            return;
        }
        for i in 0..PAGE {
            if self.nodes[i].is_taken() {
                drop(self.empty(i));
            }
        }
    }
}

#[cfg(mainspring_safe)]
impl<T> Page<T> {
    fn new(generation: u32) -> Self {
        let values: Vec<Option<T>> = (0..PAGE).map(|_| None).collect();
        Self { nodes: nodes(generation), values: boxed(values.into_boxed_slice()) }
    }

    fn fill(&mut self, i: usize, value: T) -> NonZeroU32 {
        let node = &mut self.nodes[i];
        assert!(!node.is_taken(), "this place is taken");
        self.values[i] = Some(value);
        node.generation += 1;
        NonZeroU32::MIN | node.generation
    }

    fn empty(&mut self, i: usize) -> (T, u32) {
        let value = self.values[i].take().expect("this place is empty");
        let node = &mut self.nodes[i];
        node.generation = node.generation.wrapping_add(1);
        (value, node.generation)
    }

    fn value(&self, i: usize) -> &T {
        self.values[i].as_ref().expect("this place is empty")
    }

    fn value_mut(&mut self, i: usize) -> &mut T {
        self.values[i].as_mut().expect("this place is empty")
    }
}
