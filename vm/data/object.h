// Layouts of the objects on the heap. Every object starts with one header word; a kind is a layout, a shape says
// which class an object is of and which attributes stand in which slot.
//
// Ownership: all memory that an object needs lies on the collected heap too (List -> Array, Dict -> DictTable), so that
// dead objects are never visited. A store of a pointer into an object that is already on the heap goes through
// Heap::write (write barrier) unless the object was allocated since the last safepoint.
#pragma once
#include "vm/data/value.h"

#include <string_view>

namespace gen {

enum class Kind : uint8_t {
#define KIND(name, values) name,
#include "vm/data/kinds.def"
#undef KIND
    kCount
};

enum ObjectFlags : uint8_t {
    kOwned = 1,       // Generator: held by one loop only, which closes it; freed when it ends
    kRemembered = 2,  // old, and in the remembered set
    kClean = 4,       // frame: not run since the last collection scanned it
    kFinalizer = 8,   // registered: __del__, or a generator suspended inside try/with
    kWeaklyReferenced = 16,
    kFinalized = 32,
    kLent = 64,       // the same, and a call that uses it up holds it too: not freed before that is over
    kInterned = 128,  // Str
};
constexpr uint8_t kHeldOnce = kOwned | kLent;

// Shape numbers of the built-in classes.
enum BuiltinShape : uint32_t {
#define CLASS(id, name, base, kind) kShape##id,
#define EXCEPTION(id, base, slots) kShape##id,
#include "vm/data/classes.def"
#undef CLASS
#undef EXCEPTION
    kBuiltinShapes
};

struct Object {
    uint32_t shape;  // index into Shapes; one compare tells type and layout of attributes
    Kind kind;
    uint8_t aux;    // by kind
    uint8_t state;  // by kind
    uint8_t flags;  // ObjectFlags
};
static_assert(sizeof(Object) == 8);

struct Blob : Object {
    uint64_t size;  // bytes
    uint8_t data[];
};

struct Float : Object {
    double value;
};

struct Complex : Object {
    double real, imag;
};

// Sign and magnitude, least significant limb first, no leading zero limbs; zero has size 0. Values that fit
// Value::integer are kept as such, except in instances of subclasses of int (whose slots follow the limbs).
struct Int : Object {
    int64_t size;  // |size| limbs; negative: a negative number
    uint64_t limbs[];
};

// What a Blob holds for the texts that share it: see concat() of string.cpp.
struct TextBuffer {
    uint64_t used;  // bytes of the longest text, behind which a NUL stands
    char text[];
    static TextBuffer* of(Blob* blob) { return reinterpret_cast<TextBuffer*>(blob->data); }
};

// UTF-8, where lone surrogates are allowed (`state` has kHasSurrogates then). `aux` & kAscii: one byte a character.
// NUL-terminated. Slots of subclasses follow, 8-aligned.
struct Str : Object {
    enum State : uint8_t { kHasSurrogates = 1, kSpecialUnit = 2 };  // see special_of()
    // kShared: the text stands in a buffer; from kAppends on: how often it was appended to, see concat()
    enum Aux : uint8_t { kAscii = 1, kShared = 2, kAppends = 4 };
    uint64_t hash;    // 0: not computed yet
    uint32_t size;    // bytes
    uint32_t length;  // code points
    Blob* index;      // not ASCII: byte offset of every 64th character, made on demand; null before
    char own[];       // the text, and a NUL; of a shared one: the Blob with the text
    bool ascii() const { return aux & kAscii; }
    Blob* shared() const { return *reinterpret_cast<Blob* const*>(own); }
    const char* data() const { return aux & kShared ? TextBuffer::of(shared())->text : own; }
    std::string_view view() const { return {data(), size}; }
};

struct Bytes : Object {
    uint64_t hash;
    uint64_t size;
    uint8_t data[];
};

struct ByteArray : Object {
    Blob* buffer;  // null when empty
    uint64_t size;
    uint64_t
        exports;  // memoryviews made and not released; those that live, the collector counts before a resize
};

struct MemoryView : Object {
    Value base;  // Bytes or ByteArray; unbound once released
    int64_t start, length, step;
};

struct Tuple : Object {
    uint64_t size;
    Value items[];  // slots of subclasses follow
};

struct Array : Object {
    uint64_t capacity;
    Value items[];  // all of them are traced
};

struct List : Object {
    Array* items;  // never null
    uint64_t size;
};

// The compact, ordered table of Dict and Set: entries in order of insertion, then the index (open addressing; 1, 2 or
// 4 bytes a cell, by capacity). A deleted entry has an unbound key.
struct DictEntry {
    uint64_t hash;
    Value key;
    Value value;  // Set: unbound
};
struct DictTable : Object {
    uint32_t capacity;  // entries
    uint32_t used;      // entries taken, deleted ones included
    uint32_t index_bits;
    uint32_t live;
    DictEntry entries[];
};

struct Dict : Object {
    DictTable* table;  // never null; a shared empty one at first
    uint64_t version;  // unique in the VM; changes when a key comes or goes (not with a value)
};

struct Set : Object {  // set and frozenset: told apart by class
    DictTable* table;
    uint64_t hash;  // frozenset; 0: not computed yet
    uint64_t version;
};

struct DictView : Object {
    enum Which : uint8_t { kKeys, kValues, kItems };  // aux
    Dict* dict;
};

struct MappingProxy : Object {
    Value mapping;  // a Class (its attributes), or any mapping
};

struct Range : Object {
    Value start, stop, step;  // ints of any size
};

struct Slice : Object {
    Value start, stop, step;
};

struct Cell : Object {  // a captured variable, or the place of a class attribute
    Value value;        // unbound: not assigned yet; for a class attribute: superseded, look it up again
};

// The state of iterators over built-in containers; the class tells which.
struct Iterator : Object {
    Value source;  // unbound once exhausted
    Value extra;
    int64_t index;
    int64_t stop;  // or the size/version that must not change
};

struct Code;
struct Class;
struct NativeDef;

struct Function : Object {
    // aux: number of arguments when a plain positional call needs no binding, | kGeneratorBit; else kComplex, or kUnread while its
    // code is not read (see image.h). No instruction calls with as many arguments as those say: kMaxCallArguments.
    enum Aux : uint8_t { kGeneratorBit = 0x80, kComplex = 0x7f, kUnread = 0x7e };
    Code* code;
    Dict* globals;
    Value builtins;    // Dict
    Value closure;     // Tuple of Cells, or unbound
    Value defaults;    // Tuple or None
    Value kwdefaults;  // Dict or None
    Value name, qualname, module, doc, annotations;
    Value dict;  // Dict, or unbound
};

struct Native : Object {
    // aux: number of arguments, the receiver included, with which def->fn may be called at once, the receiver being of a class that
    // has this method; 0: look at the signature, and at the receiver.
    Value self;    // bound receiver; unbound for plain functions and unbound methods
    Value owner;   // Class for methods, else unbound
    Value module;  // Str or None
    const NativeDef* def;
};

struct BoundMethod : Object {
    Value function, self;
};

struct Property : Object {
    Value get, set, del, doc, name;
};
struct ClassMethod : Object {
    Value function;
};
struct StaticMethod : Object {
    Value function;
};
// Data descriptor of one attribute that natives or __slots__ keep: `slot` indexes the shape's slots, or the table of
// native attributes of the owner's kind.
struct Member : Object {
    Value name, owner;
    const struct AttributeDef* def;  // null: a slot of __slots__
};
struct Super : Object {
    Value type, self, self_type;
};
struct GenericAlias : Object {
    Value origin, args, parameters;
};
struct UnionType : Object {
    Value args;
};

// Instances of classes written in Gen. Slots beyond the shape's inline capacity stand in `extra` (an Array); in
// dictionary mode `extra` is a Dict and holds every attribute.
struct Instance : Object {
    Value extra;
    Value slots[];
};

struct Exception : Object {
    Value args;   // Tuple
    Value cause;  // None: not set
    Value context;
    Value traceback;  // Traceback or None
    Value notes;      // List, or unbound
    Value extra;      // as in Instance
    Value slots[];
    enum State : uint8_t {
        kSuppressContext = 1,
        kIsContext = 2
    };  // kIsContext: it is, or was, that of another
};

struct Module : Object {
    Value name;
    Dict* dict;
    Value extra;
};

// One entry of a traceback; equal neighbours are counted, so that ten million equal frames cost one.
struct Traceback : Object {
    Value next;  // towards where it was raised; or None
    Code* code;
    Value function;   // for its globals
    Value locals;     // FrameInfo when someone looked, else unbound
    uint32_t pc;      // offset of the instruction in code
    uint32_t repeat;  // further times that the same (code, pc) follows
};

struct FrameInfo : Object {
    Value frame;  // Generator or unbound
    Value function, locals, back;
    Code* code;
    uint32_t pc;
};

struct WeakRef : Object {
    Value target;  // weak: None once dead
    Value callback;
    uint64_t hash;
};

// The state of a library type that is written in C++; each gives its fields names. Slots of subclasses follow.
template <size_t n>
struct RecordOf : Object {
    Value fields[n];
};
using Record = RecordOf<6>;
using SmallRecord = RecordOf<4>;
using MediumRecord = RecordOf<10>;
using LargeRecord = RecordOf<14>;

// Special methods, kept in every class in an array for O(1) lookup.
enum class Special : uint8_t {
#define SPECIAL(name, text) name,
#include "vm/data/specials.def"
#undef SPECIAL
    kCount
};

struct Shape;

struct Class : Object {
    enum Flags : uint32_t {
        kBuiltin = 1,  // attributes cannot be set
        kFinal = 2,    // cannot be a base
        kException = 4,
        kHasDict = 8,  // instances take any attribute
        kAbstract = 16,
        kPlainGetattr = 32,  // neither __getattribute__ nor __getattr__ of its own
        kPlainSetattr = 64,
        kIdentityEq = 256,    // __eq__ and __hash__ of object: equal means the same
        kMetaclass = 512,     // instances are classes
        kNoInstances = 1024,  // cannot create 'x' instances
        kHeapType = 2048,
    };
    Value name, qualname, module, doc;
    Dict* attributes;  // name -> Cell
    Tuple* bases;
    Tuple* mro;        // this class first
    Class* base;       // the base whose layout instances have
    Value subclasses;  // List of WeakRefs
    Value slot_names;  // Tuple of __slots__ of the whole layout, or unbound
    uint32_t class_flags;
    Kind instance_kind;
    uint32_t root_shape;    // of new instances
    uint16_t inline_slots;  // of new instances
    uint32_t version;
    Value extra;                           // further attributes kept by natives (ABC registry ...)
    Value specials[int(Special::kCount)];  // what looking the name up on the class gives; unbound: nothing
};

}  // namespace gen
