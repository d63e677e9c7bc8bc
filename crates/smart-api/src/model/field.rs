//! What fields hold, and how many of it.

use smart_rdf::vocab::xsd;
use smart_rdf::{Literal, LiteralRef, NamedNode, NamedNodeRef, NamedOrBlankNodeRef, Object, Term};

use crate::model::date::PartialDate;
use crate::model::{Expected, Link, Linked, Model, Number, Reader, Required, Subject, Writer};

/// What a field holds: a text, a date, a number, a reference, or another model.
pub trait Value: Clone + Sized {
    /// Takes what a property leads to. `None`, with a finding, where it cannot hold it.
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self>;

    /// The term that stands for it.
    fn to_term(&self, writer: &mut Writer) -> Term;
}

/// A field by its cardinality: [`Required`], [`Option`] or [`Vec`].
pub trait Field: Sized {
    /// Takes what a property says.
    fn read(property: NamedNodeRef<'static>, reader: &mut Reader<'_, '_>) -> Self;

    /// Says what it holds.
    fn write(&self, property: NamedNodeRef<'static>, writer: &mut Writer);
}

impl<T: Value> Field for Required<T> {
    fn read(property: NamedNodeRef<'static>, reader: &mut Reader<'_, '_>) -> Self {
        match one::<T>(property, Expected::ExactlyOne, reader) {
            Some(value) => value.into(),
            None => Self::missing(reader.unread(property)),
        }
    }

    fn write(&self, property: NamedNodeRef<'static>, writer: &mut Writer) {
        writer.say_each(property, self.as_option());
    }
}

impl<T: Value> Field for Option<T> {
    fn read(property: NamedNodeRef<'static>, reader: &mut Reader<'_, '_>) -> Self {
        one(property, Expected::AtMostOne, reader)
    }

    fn write(&self, property: NamedNodeRef<'static>, writer: &mut Writer) {
        writer.say_each(property, self);
    }
}

impl<T: Value> Field for Vec<T> {
    fn read(property: NamedNodeRef<'static>, reader: &mut Reader<'_, '_>) -> Self {
        let objects = reader.objects(property);
        let mut values = Self::new();
        for object in objects {
            reader.take(1);
            if reader.is_spent() {
                break;
            }
            values.extend(T::from_object(object, property, reader));
        }
        values
    }

    fn write(&self, property: NamedNodeRef<'static>, writer: &mut Writer) {
        writer.say_each(property, self);
    }
}

/// The first value that can be read, and a finding if there are more, or if there is none and one
/// is expected.
fn one<T: Value>(
    property: NamedNodeRef<'static>,
    expected: Expected,
    reader: &mut Reader<'_, '_>,
) -> Option<T> {
    let mut value = None;
    let mut count = 0;
    for object in reader.objects(property) {
        count += 1;
        if value.is_none() {
            value = T::from_object(object, property, reader);
        }
    }
    reader.take(count);
    if count > 1 {
        let all: Vec<Term> = reader.objects(property).map(Object::to_term).collect();
        reader.find(property, expected, all);
    } else if count == 0 && expected == Expected::ExactlyOne {
        reader.find(property, expected, []);
    }
    value
}

impl<T: Model> Value for T {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        match object {
            Object::Node(node) => Some(reader.model(node, property)),
            Object::Literal(_) => {
                reader.find(property, Expected::Class(T::CLASS), [object.to_term()]);
                None
            }
        }
    }

    fn to_term(&self, writer: &mut Writer) -> Term {
        writer.model(self)
    }
}

impl Value for String {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        text(object, property, reader).map(str::to_owned)
    }

    fn to_term(&self, _: &mut Writer) -> Term {
        Literal::new_simple_literal(self).into()
    }
}

impl Value for PartialDate {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        let date = Self::from(text(object, property, reader)?);
        match date.day() {
            Some(_) => {}
            None if date.year().is_some() => {
                reader.remark(property, Expected::FullDate, object.to_term());
            }
            None => reader.find(property, Expected::Date, [object.to_term()]),
        }
        Some(date)
    }

    fn to_term(&self, _: &mut Writer) -> Term {
        Literal::new_simple_literal(self.as_str()).into()
    }
}

impl Value for Number {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        let number = Self::from(text(object, property, reader)?);
        if number.as_f64().is_none() {
            reader.find(property, Expected::Number, [object.to_term()]);
        }
        Some(number)
    }

    fn to_term(&self, _: &mut Writer) -> Term {
        Literal::new_simple_literal(self.as_str()).into()
    }
}

impl Value for Subject {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        match object {
            Object::Node(node) => Some(node.term().into()),
            Object::Literal(text) => match NamedNode::new(text.value()) {
                Ok(address) => Some(address.into()),
                Err(_) => {
                    reader.find(property, Expected::Address, [object.to_term()]);
                    None
                }
            },
        }
    }

    fn to_term(&self, writer: &mut Writer) -> Term {
        writer.node(self).into()
    }
}

impl<T: Linked> Value for Link<T> {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        let Object::Node(node) = object else {
            let expected = T::CLASS.map_or(Expected::Address, Expected::Class);
            reader.find(property, expected, [object.to_term()]);
            return None;
        };
        // What is not part of this graph may be anything; what is says so itself.
        let missing = T::CLASS.filter(|class| !node.is_a(*class));
        if let (Some(class), Some(other)) = (missing, node.classes().next()) {
            let found = other.into_owned().into();
            reader.find(property, Expected::Class(class), [found]);
        }
        Some(Self::to(Subject::from(node.term())))
    }

    fn to_term(&self, writer: &mut Writer) -> Term {
        writer.node(self.subject()).into()
    }
}

/// The text of a literal, or of an address where a literal should be.
fn text<'g>(
    object: Object<'g>,
    property: NamedNodeRef<'static>,
    reader: &mut Reader<'_, 'g>,
) -> Option<&'g str> {
    match object {
        Object::Literal(literal) => {
            if !is_plain(literal) {
                reader.remark(property, Expected::PlainText, object.to_term());
            }
            Some(literal.value())
        }
        Object::Node(node) => {
            reader.find(property, Expected::Text, [object.to_term()]);
            match node.term() {
                NamedOrBlankNodeRef::NamedNode(address) => Some(address.as_str()),
                NamedOrBlankNodeRef::BlankNode(_) => None,
            }
        }
    }
}

fn is_plain(literal: LiteralRef<'_>) -> bool {
    literal.language().is_some() || literal.datatype() == xsd::STRING
}
