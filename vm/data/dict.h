// Dicts and sets: a compact table of entries in order of insertion, with an index beside it.
//
// Keys come with their hash. Where a key and a candidate of the same hash can be compared without calling the
// script, a search answers Absent or Found; else Ask, and `probe.entry` is the candidate. The caller then
// runs `candidate == key` in the script and goes on:
//     Find f = dict_find(d, key, hash, probe);
//     while (f == Find::Ask) {
//         bool same = <the script's answer for probe_key(d, probe)>;     // may suspend
//         f = same ? probe_confirm(d, key, probe) : probe_next(d, key, probe);
//     }
// Both start again when the version of the dict has changed meanwhile. A Probe holds no pointers: its fields
// can be kept in a frame as integers.
//
// `version` is unique in the VM and changes when a key is added, removed or moved, never with a value alone:
// an entry's position is valid while it stays. Keys are not copied; a new value for an equal key leaves the
// old key. Functions that may allocate answer false or null when memory ends, and have changed nothing then.
#pragma once
#include "vm/data/compare.h"
#include "vm/data/hash.h"
#include "vm/data/heap.h"

namespace gen {

enum class Find : uint8_t { Absent, Found, Ask };

struct Probe {
    uint64_t hash = 0;
    uint64_t perturb = 0;
    uint64_t version = 0;
    uint32_t cell = 0;
    uint32_t entry = 0;  // Found, Ask: position among the entries
};

// ---- the table itself, shared by Dict and Set
constexpr uint32_t kMaxIndexBits = 29;
constexpr uint32_t table_capacity(
    uint32_t index_bits) {  // entries that an index of 1 << index_bits cells serves
    return index_bits < 3 ? 0 : (uint32_t{1} << index_bits) / 3 * 2 + (index_bits == 3);
}
size_t table_bytes(uint32_t index_bits);
DictTable* make_table(Heap&, size_t entries);  // room for at least so many
Find table_find(const DictTable*, Value key, uint64_t hash, Probe&, CompareLimits&);
// The short form: Ask as soon as an entry with this hash holds another key (two strs apart); go on with the long forms.
Find table_find_quick(const DictTable*, Value key, uint64_t hash, uint32_t& entry);
enum class Put : uint8_t { Added, Replaced, Ask, NoMemory };

// ---- Dict
inline bool is_dict(Value v) { return v.is_object() && v.as_object()->kind == Kind::Dict; }  // or a subclass
inline bool is_exact_dict(Value v) { return v.is_object() && v.as_object()->shape == kShapeDict; }

Dict* make_dict(Heap&, size_t expected = 0, uint32_t shape = kShapeDict, size_t slots = 0);
inline Value* dict_slots(Dict* d) { return reinterpret_cast<Value*>(d + 1); }
inline uint32_t dict_length(const Dict* d) { return d->table->live; }

Find dict_find(const Dict*, Value key, uint64_t hash, Probe&);
Find probe_next(const Dict*, Value key, Probe&);     // the candidate is not equal
Find probe_confirm(const Dict*, Value key, Probe&);  // the candidate is equal
inline Value probe_key(const Dict* d, const Probe& p) { return d->table->entries[p.entry].key; }
inline Value probe_value(const Dict* d, const Probe& p) { return d->table->entries[p.entry].value; }

// For an exact str. Ask only if a key that is no exact str has the same hash.
Find dict_find_str(const Dict*, const Str* key, uint64_t hash, DictEntry*& entry);
// For namespaces: only str keys count. Null: absent. The entry is valid until the version changes.
DictEntry* dict_get_str(const Dict*, const Str* key, uint64_t hash);
Value dict_get_str(const HashKey&, const Dict*, Str* key);  // the value, or unbound

// Adds a key that is known to be absent.
bool dict_insert_new(Heap&, Dict*, Value key, uint64_t hash, Value value);
// Replaces the value of an entry.
inline void dict_store(Heap& heap, Dict* d, uint32_t entry, Value value) {
    d->table->entries[entry].value = value;
    if (value.is_object()) heap.write(d->table, &d->table->entries[entry].value);
}
// Finds, then stores or adds. Ask: as dict_find; the caller then ends with dict_store or dict_insert_new.
enum class Store : uint8_t { Done, Ask, NoMemory };
Store dict_set(Heap&, Dict*, Value key, uint64_t hash, Value value, Probe&);
// The short form, one walk; Ask as table_find_quick.
Put dict_put(Heap&, Dict*, Value key, uint64_t hash, Value value);
// For namespaces, where only str keys count.
bool dict_set_str(Heap&, Dict*, Str* key, uint64_t hash, Value value);
bool dict_set_str(Heap&, const HashKey&, Dict*, Str* key, Value value);
bool dict_delete_str(Heap&, Dict*, const Str* key, uint64_t hash);  // false: absent

void dict_delete_at(Heap&, Dict*, uint32_t entry);  // by position
bool dict_clear(Heap&, Dict*);
bool dict_reserve(Heap&, Dict*, size_t entries);        // so that the dict can take so many in all
Dict* dict_copy(Heap&, const Dict*);                    // an exact dict
bool dict_assign(Heap&, Dict* to, const Dict* from);    // to becomes a copy of from
bool dict_move_to_end(Heap&, Dict*, uint32_t entry);    // its position changes
bool dict_move_to_front(Heap&, Dict*, uint32_t entry);  // linear

// Iteration by position: the first live entry at or after `position`, or null at the end; position becomes
// the one to go on with. Deletions in between are harmless; whether that is allowed is the iterator's
// business.
inline DictEntry* next_entry(const DictTable* t, uint32_t& position) {
    while (position < t->used) {
        DictEntry* e = const_cast<DictEntry*>(&t->entries[position++]);
        if (!e->key.is_unbound()) return e;
    }
    return nullptr;
}
inline DictEntry* next_entry(const Dict* d, uint32_t& position) { return next_entry(d->table, position); }
// Backwards: position starts at table->used.
DictEntry* previous_entry(const DictTable*, uint32_t& position);
// The last live entry's position, or -1; popitem is dict_delete_at of it.
int64_t dict_last(const Dict*);

// ---- Set; the same, the values stay unbound
inline bool is_set(Value v) { return v.is_object() && v.as_object()->kind == Kind::Set; }
Set* make_set(Heap&, size_t expected = 0, uint32_t shape = kShapeSet, size_t slots = 0);
inline Value* set_slots(Set* s) { return reinterpret_cast<Value*>(s + 1); }
inline uint32_t set_length(const Set* s) { return s->table->live; }
Find set_find(const Set*, Value key, uint64_t hash, Probe&);
Find probe_next(const Set*, Value key, Probe&);
Find probe_confirm(const Set*, Value key, Probe&);
inline Value probe_key(const Set* s, const Probe& p) { return s->table->entries[p.entry].key; }
bool set_insert_new(Heap&, Set*, Value key, uint64_t hash);
Put set_put(Heap&, Set*, Value key, uint64_t hash);
Store set_add(Heap&, Set*, Value key, uint64_t hash, Probe&);
void set_delete_at(Heap&, Set*, uint32_t entry);
bool set_clear(Heap&, Set*);
bool set_reserve(Heap&, Set*, size_t entries);
Set* set_copy(Heap&, const Set*, uint32_t shape = kShapeSet);
bool set_assign(Heap&, Set* to, const Set* from);
inline DictEntry* next_entry(const Set* s, uint32_t& position) { return next_entry(s->table, position); }
int64_t set_last(const Set*);

// Whole sets or dict keys by table, as long as no comparison has to ask; Ask: a fresh result is dropped, the
// caller goes step by step. `out` is the result, of the given class; it must not be one that a script can see
// yet.
Store set_union(Heap&, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out);
Store set_intersection(Heap&, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out);
Store set_difference(Heap&, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out);
Store set_symmetric_difference(Heap&, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out);
// In place; Ask may leave a part of b added, which is harmless to do again.
Store set_update(Heap&, Set*, const DictTable*);
Fast table_subset(const DictTable* a, const DictTable* b, CompareLimits&);  // a <= b
inline Fast table_subset(const DictTable* a, const DictTable* b) {
    CompareLimits l;
    return table_subset(a, b, l);
}
Fast table_disjoint(const DictTable* a, const DictTable* b);
// Dict.update with an exact dict; as set_update.
Store dict_update(Heap&, Dict*, const Dict*);

}  // namespace gen
