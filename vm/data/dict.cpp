#include "vm/data/dict.h"

#include "vm/data/dict_first.h"
#include "vm/data/string.h"

namespace gen {

// An index cell holds an entry's position + 1; 0 is empty. Deleting touches no cell: a search skips entries
// whose key is unbound. When the last entries are deleted `used` goes back, so that popitem stays cheap, and
// `capacity` with it: it counts the entries that may still be taken, so that at least a third of the cells
// stays empty in any case. A cell that was left behind may then lead to an entry that was taken again: which
// is found by its hash and key, or skipped.
//
// Queues are dicts that lose their first entry again and again. So that finding it stays cheap, too, the hash of
// entry 0, once that is deleted, says how many entries at the front are known to be deleted.

namespace {

constexpr uint32_t kInPlaceBits = 6;  // emptied tables up to this size are cleared in place

size_t cell_bytes(uint32_t index_bits) { return index_bits <= 8 ? 1 : index_bits <= 16 ? 2 : 4; }
size_t index_bytes(uint32_t index_bits) { return index_bits < 3 ? 0 : cell_bytes(index_bits) << index_bits; }

template <class Cell>
Cell* cells(const DictTable* t) {
    return reinterpret_cast<Cell*>(const_cast<DictEntry*>(t->entries + table_capacity(t->index_bits)));
}

void start_probe(const DictTable* t, uint64_t hash, Probe& p) {
    p.hash = p.perturb = hash;
    p.cell = uint32_t(hash) & ((uint32_t{1} << t->index_bits) - 1);
}

void advance(const DictTable* t, Probe& p) {
    p.perturb >>= 5;
    p.cell = uint32_t(p.cell * 5 + p.perturb + 1) & ((uint32_t{1} << t->index_bits) - 1);
}

template <class Cell>
Find search_cells(const DictTable* t, Value key, Probe& p, CompareLimits& limits) {
    const Cell* index = cells<Cell>(t);
    for (;; advance(t, p)) {
        uint32_t c = index[p.cell];
        if (c == 0) return Find::Absent;
        const DictEntry& e = t->entries[c - 1];
        if (e.hash != p.hash || e.key.is_unbound()) continue;
        Fast f = fast_same(e.key, key, limits);
        if (f == Fast::False) continue;
        p.entry = c - 1;
        return f == Fast::True ? Find::Found : Find::Ask;
    }
}

Find search(const DictTable* t, Value key, Probe& p, CompareLimits& limits) {
    if (t->live == 0) return Find::Absent;
    switch (cell_bytes(t->index_bits)) {
        case 1:
            return search_cells<uint8_t>(t, key, p, limits);
        case 2:
            return search_cells<uint16_t>(t, key, p, limits);
        default:
            return search_cells<uint32_t>(t, key, p, limits);
    }
}

template <class Cell>
uint32_t free_cell_in(const DictTable* t, Probe& p) {
    const Cell* index = cells<Cell>(t);
    while (index[p.cell]) advance(t, p);
    return p.cell;
}

// Appends an entry; there is room.
void append(DictTable* t, Value key, uint64_t hash, Value value) {
    Probe p;
    start_probe(t, hash, p);
    uint32_t c = t->used + 1;
    switch (cell_bytes(t->index_bits)) {
        case 1:
            cells<uint8_t>(t)[free_cell_in<uint8_t>(t, p)] = uint8_t(c);
            break;
        case 2:
            cells<uint16_t>(t)[free_cell_in<uint16_t>(t, p)] = uint16_t(c);
            break;
        default:
            cells<uint32_t>(t)[free_cell_in<uint32_t>(t, p)] = c;
    }
    t->entries[t->used++] = {hash, key, value};
    t->live++;
}

void empty(DictTable* t) {
    t->capacity = table_capacity(t->index_bits);
    t->used = t->live = 0;
    std::memset(cells<char>(t), 0, index_bytes(t->index_bits));
}

void take_out(DictTable* t, uint32_t entry) {
    t->entries[entry].key = t->entries[entry].value = Value::unbound();
    if (entry == 0) t->entries[0].hash = 1;
    t->live--;
}

void remove(DictTable* t, uint32_t entry) {
    take_out(t, entry);
    if (t->live == 0 && t->index_bits <= kInPlaceBits) {
        empty(t);
        return;
    }
    while (t->used && t->entries[t->used - 1].key.is_unbound()) {
        t->used--;
        t->capacity--;
    }
}

// A table with the same live entries and room for `entries` in all.
DictTable* rebuild(Heap& heap, const DictTable* t, size_t entries) {
    DictTable* n = make_table(heap, entries);
    if (!n) return nullptr;
    uint32_t position = 0;
    while (DictEntry* e = next_entry(t, position)) append(n, e->key, e->hash, e->value);
    return n;
}

DictTable* copy_table(Heap& heap, const DictTable* t) {
    if (t->live == 0) return make_table(heap, 0);
    if (t->live < t->used - t->used / 4) return rebuild(heap, t, t->live);
    size_t bytes = table_bytes(t->index_bits);
    auto* n = heap.make<DictTable>(Kind::DictTable, kShapeInternal, bytes);
    if (!n) return nullptr;
    std::memcpy(&n->capacity, &t->capacity, bytes - sizeof(Object));
    return n;
}

int64_t last_entry(const DictTable* t) {
    for (int64_t i = int64_t(t->used) - 1; i >= 0; i--)
        if (!t->entries[i].key.is_unbound()) return i;
    return -1;
}

// What Dict and Set have in common: T has a table and a version.

template <class T>
Find find_in(const T* d, Value key, uint64_t hash, Probe& p) {
    p.version = d->version;
    CompareLimits limits;
    return table_find(d->table, key, hash, p, limits);
}

template <class T>
Find next_in(const T* d, Value key, Probe& p) {
    if (d->version != p.version) return find_in(d, key, p.hash, p);
    advance(d->table, p);
    CompareLimits limits;
    return search(d->table, key, p, limits);
}

template <class T>
Find confirm_in(const T* d, Value key, Probe& p) {
    return d->version == p.version ? Find::Found : find_in(d, key, p.hash, p);
}

template <class T>
bool reserve_in(Heap& heap, T* d, size_t entries) {
    DictTable* t = d->table;
    if (entries <= t->live || entries - t->live <= t->capacity - t->used) return true;
    DictTable* n = rebuild(heap, t, entries);
    if (!n) return false;
    d->table = n;
    d->version = heap.next_version();
    heap.write(d);
    return true;
}

template <class T>
bool insert_in(Heap& heap, T* d, Value key, uint64_t hash, Value value) {
    if (d->table->used == d->table->capacity &&
        !reserve_in(heap, d, size_t(d->table->live) + d->table->live / 2 + 3)) [[unlikely]]
        return false;
    append(d->table, key, hash, value);
    heap.write(d->table, &d->table->entries[d->table->used - 1].key, 2);
    d->version = heap.next_version();
    return true;
}

// The search that most operations get by with: a key is found by identity, or an exact str by its text. Ask: another key
// has the same hash, and the two have to be compared. Absent: `cell` is where the index would name it.
// The first characters of two texts of the same hash, without a call where that is all.
inline bool same_text(const Str* a, const Str* b) {
    if (a->size != b->size) return false;
    uint64_t x, y;
    if (a->size > 16 || a->size < 8) return std::memcmp(a->data(), b->data(), a->size) == 0;
    std::memcpy(&x, a->data(), 8);
    std::memcpy(&y, b->data(), 8);
    if (x != y) return false;
    std::memcpy(&x, a->data() + a->size - 8, 8);
    std::memcpy(&y, b->data() + a->size - 8, 8);
    return x == y;
}

template <class Cell>
Find search_quick(const DictTable* t, Value key, uint64_t hash, uint32_t& entry, uint32_t& cell) {
    const Cell* index = cells<Cell>(t);
    const uint32_t mask = (uint32_t{1} << t->index_bits) - 1;
    uint32_t at = uint32_t(hash) & mask;
    for (uint64_t perturb = hash;;) {
        uint32_t c = index[at];
        if (c == 0) {
            cell = at;
            return Find::Absent;
        }
        entry = c - 1;
        const DictEntry& e = t->entries[entry];
        if (e.key.is(key)) return Find::Found;
        if (e.hash == hash && !e.key.is_unbound()) {
            if (!is_exact_str(e.key) || !is_exact_str(key)) return Find::Ask;
            auto *a = e.key.as<Str>(), *b = key.as<Str>();
            // Two different interned strings are never equal.
            if (!(a->flags & b->flags & kInterned) && same_text(a, b)) return Find::Found;
        }
        perturb >>= 5;
        at = uint32_t(at * 5 + perturb + 1) & mask;
    }
}

template <class Cell, class T>
Put put_in_cells(Heap& heap, T* d, Value key, uint64_t hash, Value value) {
    DictTable* t = d->table;
    uint32_t entry, cell;
    switch (search_quick<Cell>(t, key, hash, entry, cell)) {
        case Find::Found:
            t->entries[entry].value = value;
            if (value.is_object()) heap.write(t, &t->entries[entry].value);
            return Put::Replaced;
        case Find::Ask:
            return Put::Ask;
        case Find::Absent:
            break;
    }
    if (t->used == t->capacity) [[unlikely]]
        return insert_in(heap, d, key, hash, value) ? Put::Added : Put::NoMemory;
    t->entries[t->used++] = {hash, key, value};
    cells<Cell>(t)[cell] = Cell(t->used);
    t->live++;
    heap.write(t, &t->entries[t->used - 1].key, 2);
    d->version = heap.next_version();
    return Put::Added;
}

template <class T>
Put put_in(Heap& heap, T* d, Value key, uint64_t hash, Value value) {
    const uint32_t bits = d->table->index_bits;
    if (bits < 3) return insert_in(heap, d, key, hash, value) ? Put::Added : Put::NoMemory;
    if (bits <= 8) return put_in_cells<uint8_t>(heap, d, key, hash, value);
    if (bits <= 16) return put_in_cells<uint16_t>(heap, d, key, hash, value);
    return put_in_cells<uint32_t>(heap, d, key, hash, value);
}

template <class T>
void delete_in(Heap& heap, T* d, uint32_t entry) {
    remove(d->table, entry);
    d->version = heap.next_version();
}

template <class T>
bool replace_table(Heap& heap, T* d, DictTable* t) {
    if (!t) return false;
    d->table = t;
    d->version = heap.next_version();
    heap.write(d);
    return true;
}

void clear_slots(Value* slots, size_t n) {
    for (size_t i = 0; i < n; i++) slots[i] = Value::unbound();
}

Set* wrap_table(Heap& heap, DictTable* t, uint32_t shape, size_t slots = 0) {
    if (!t) return nullptr;
    auto* s = heap.make<Set>(Kind::Set, shape, sizeof(Set) + slots * sizeof(Value));
    if (!s) return nullptr;
    s->table = t;
    s->hash = 0;
    s->version = heap.next_version();
    clear_slots(set_slots(s), slots);
    return s;
}

// Adds those entries of a to s whose presence in b is `wanted`.
Store add_selected(Heap& heap, Set* s, const DictTable* a, const DictTable* b, bool wanted) {
    uint32_t position = 0;
    while (DictEntry* e = next_entry(a, position)) {
        Probe p;
        CompareLimits limits;
        Find f = table_find(b, e->key, e->hash, p, limits);
        if (f == Find::Ask) return Store::Ask;
        if ((f == Find::Found) == wanted && !set_insert_new(heap, s, e->key, e->hash)) return Store::NoMemory;
    }
    return Store::Done;
}

}  // namespace

// ---- the table

size_t table_bytes(uint32_t index_bits) {
    return sizeof(DictTable) + table_capacity(index_bits) * sizeof(DictEntry) + index_bytes(index_bits);
}

DictTable* make_table(Heap& heap, size_t entries) {
    uint32_t bits = 0;
    if (entries) {
        bits = 3;
        while (table_capacity(bits) < entries)
            if (++bits > kMaxIndexBits) return nullptr;
    }
    auto* t = heap.make<DictTable>(Kind::DictTable, kShapeInternal, table_bytes(bits));
    if (!t) return nullptr;
    t->index_bits = bits;
    empty(t);
    return t;
}

Find table_find(const DictTable* t, Value key, uint64_t hash, Probe& p, CompareLimits& limits) {
    start_probe(t, hash, p);
    return search(t, key, p, limits);
}

DictEntry* previous_entry(const DictTable* t, uint32_t& position) {
    if (position > t->used) position = t->used;
    while (position > 0) {
        auto* e = const_cast<DictEntry*>(&t->entries[--position]);
        if (!e->key.is_unbound()) return e;
    }
    return nullptr;
}

Find table_find_quick(const DictTable* t, Value key, uint64_t hash, uint32_t& entry) {
    uint32_t cell;
    if (t->live == 0) return Find::Absent;
    if (t->index_bits <= 8) return search_quick<uint8_t>(t, key, hash, entry, cell);
    if (t->index_bits <= 16) return search_quick<uint16_t>(t, key, hash, entry, cell);
    return search_quick<uint32_t>(t, key, hash, entry, cell);
}

// ---- Dict

Dict* make_dict(Heap& heap, size_t expected, uint32_t shape, size_t slots) {
    DictTable* t = make_table(heap, expected);
    if (!t) return nullptr;
    auto* d = heap.make<Dict>(Kind::Dict, shape, sizeof(Dict) + slots * sizeof(Value));
    if (!d) return nullptr;
    d->table = t;
    d->version = heap.next_version();
    clear_slots(dict_slots(d), slots);
    return d;
}

Find dict_find(const Dict* d, Value key, uint64_t hash, Probe& p) { return find_in(d, key, hash, p); }
Find probe_next(const Dict* d, Value key, Probe& p) { return next_in(d, key, p); }
Find probe_confirm(const Dict* d, Value key, Probe& p) { return confirm_in(d, key, p); }

namespace {

template <class Cell>
Find search_str(const DictTable* t, const Str* key, uint64_t hash, DictEntry*& out, bool strs_only) {
    const Cell* index = cells<Cell>(t);
    uint32_t mask = (uint32_t{1} << t->index_bits) - 1, at = uint32_t(hash) & mask;
    uint64_t perturb = hash;
    Value wanted = Value::object(key);
    for (;;) {
        uint32_t c = index[at];
        if (c == 0) return Find::Absent;
        auto& e = const_cast<DictEntry&>(t->entries[c - 1]);
        if (e.key.is(wanted)) {
            out = &e;
            return Find::Found;
        }
        if (e.hash == hash && !e.key.is_unbound()) {
            out = &e;
            if (is_exact_str(e.key)) {
                auto* s = e.key.as<Str>();
                // Two different interned strings are never equal.
                if (!(s->flags & key->flags & kInterned) && equal(s, key)) return Find::Found;
            } else if (strs_only) {  // of a class that derives from str
                if (is_str(e.key) && equal(e.key.as<Str>(), key)) return Find::Found;
            } else {
                Fast f = fast_eq(e.key, wanted);
                if (f != Fast::False) return f == Fast::True ? Find::Found : Find::Ask;
            }
        }
        perturb >>= 5;
        at = uint32_t(at * 5 + perturb + 1) & mask;
    }
}

Find find_str(const Dict* d, const Str* key, uint64_t hash, DictEntry*& out, bool strs_only) {
    const DictTable* t = d->table;
    if (t->live == 0) return Find::Absent;
    if (t->index_bits <= 8) return search_str<uint8_t>(t, key, hash, out, strs_only);
    if (t->index_bits <= 16) return search_str<uint16_t>(t, key, hash, out, strs_only);
    return search_str<uint32_t>(t, key, hash, out, strs_only);
}

}  // namespace

Find dict_find_str(const Dict* d, const Str* key, uint64_t hash, DictEntry*& entry) {
    return find_str(d, key, hash, entry, false);
}

DictEntry* dict_get_str(const Dict* d, const Str* key, uint64_t hash) {
    DictEntry* e = nullptr;
    return find_str(d, key, hash, e, true) == Find::Found ? e : nullptr;
}

Value dict_get_str(const HashKey& key, const Dict* d, Str* name) {
    DictEntry* e = dict_get_str(d, name, hash_str(key, name));
    return e ? e->value : Value::unbound();
}

bool dict_insert_new(Heap& heap, Dict* d, Value key, uint64_t hash, Value value) {
    return insert_in(heap, d, key, hash, value);
}

Put dict_put(Heap& heap, Dict* d, Value key, uint64_t hash, Value value) {
    return put_in(heap, d, key, hash, value);
}

Store dict_set(Heap& heap, Dict* d, Value key, uint64_t hash, Value value, Probe& p) {
    Put quick = dict_put(heap, d, key, hash, value);
    if (quick != Put::Ask) return quick == Put::NoMemory ? Store::NoMemory : Store::Done;
    switch (dict_find(d, key, hash, p)) {
        case Find::Ask:
            return Store::Ask;
        case Find::Found:
            dict_store(heap, d, p.entry, value);
            return Store::Done;
        default:
            return dict_insert_new(heap, d, key, hash, value) ? Store::Done : Store::NoMemory;
    }
}

bool dict_set_str(Heap& heap, Dict* d, Str* key, uint64_t hash, Value value) {
    if (DictEntry* e = dict_get_str(d, key, hash)) {
        e->value = value;
        heap.write(d->table, &e->value);
        return true;
    }
    return dict_insert_new(heap, d, Value::object(key), hash, value);
}

bool dict_set_str(Heap& heap, const HashKey& hash_key, Dict* d, Str* key, Value value) {
    return dict_set_str(heap, d, key, hash_str(hash_key, key), value);
}

bool dict_delete_str(Heap& heap, Dict* d, const Str* key, uint64_t hash) {
    DictEntry* e = dict_get_str(d, key, hash);
    if (!e) return false;
    dict_delete_at(heap, d, uint32_t(e - d->table->entries));
    return true;
}

void dict_delete_at(Heap& heap, Dict* d, uint32_t entry) { delete_in(heap, d, entry); }
bool dict_clear(Heap& heap, Dict* d) { return replace_table(heap, d, make_table(heap, 0)); }
bool dict_reserve(Heap& heap, Dict* d, size_t entries) { return reserve_in(heap, d, entries); }
bool dict_assign(Heap& heap, Dict* to, const Dict* from) {
    return replace_table(heap, to, copy_table(heap, from->table));
}
int64_t dict_last(const Dict* d) { return last_entry(d->table); }

int64_t dict_first(const Dict* d) {
    DictTable* t = d->table;
    if (t->live == 0) return -1;
    if (!t->entries[0].key.is_unbound()) return 0;
    auto first = uint32_t(t->entries[0].hash);
    while (t->entries[first].key.is_unbound()) first++;
    t->entries[0].hash = first;
    return first;
}

Dict* dict_copy(Heap& heap, const Dict* d) {
    DictTable* t = copy_table(heap, d->table);
    if (!t) return nullptr;
    auto* copy = heap.make<Dict>(Kind::Dict, kShapeDict);
    copy->table = t;
    copy->version = heap.next_version();
    return copy;
}

bool dict_move_to_end(Heap& heap, Dict* d, uint32_t entry) {
    if (entry + 1 == d->table->used) return true;
    // The room is made first, so that nothing is lost when memory ends; that may move the entry.
    DictEntry e = d->table->entries[entry];
    if (d->table->used == d->table->capacity) {
        uint32_t before = 0, position = 0;
        while (position < entry)
            if (!d->table->entries[position++].key.is_unbound()) before++;
        if (!replace_table(heap, d, rebuild(heap, d->table, size_t(d->table->live) + d->table->live / 2 + 3)))
            return false;
        entry = before;
    }
    take_out(d->table, entry);
    append(d->table, e.key, e.hash, e.value);
    heap.write(d->table, &d->table->entries[d->table->used - 1].key, 2);
    d->version = heap.next_version();
    return true;
}

bool dict_move_to_front(Heap& heap, Dict* d, uint32_t entry) {
    DictTable* n = make_table(heap, d->table->live);
    if (!n) return false;
    const DictEntry& first = d->table->entries[entry];
    append(n, first.key, first.hash, first.value);
    uint32_t position = 0;
    while (DictEntry* e = next_entry(d, position))
        if (e != &first) append(n, e->key, e->hash, e->value);
    return replace_table(heap, d, n);
}

Store dict_update(Heap& heap, Dict* d, const Dict* from) {
    if (d == from) return Store::Done;
    if (d->table->live == 0) return dict_assign(heap, d, from) ? Store::Done : Store::NoMemory;
    uint32_t position = 0;
    while (DictEntry* e = next_entry(from, position)) {
        Probe p;
        Store s = dict_set(heap, d, e->key, e->hash, e->value, p);
        if (s != Store::Done) return s;
    }
    return Store::Done;
}

// ---- Set

Set* make_set(Heap& heap, size_t expected, uint32_t shape, size_t slots) {
    return wrap_table(heap, make_table(heap, expected), shape, slots);
}

Find set_find(const Set* s, Value key, uint64_t hash, Probe& p) { return find_in(s, key, hash, p); }
Find probe_next(const Set* s, Value key, Probe& p) { return next_in(s, key, p); }
Find probe_confirm(const Set* s, Value key, Probe& p) { return confirm_in(s, key, p); }

bool set_insert_new(Heap& heap, Set* s, Value key, uint64_t hash) {
    return insert_in(heap, s, key, hash, Value::unbound());
}

Put set_put(Heap& heap, Set* s, Value key, uint64_t hash) {
    return put_in(heap, s, key, hash, Value::unbound());
}

Store set_add(Heap& heap, Set* s, Value key, uint64_t hash, Probe& p) {
    Put quick = set_put(heap, s, key, hash);
    if (quick != Put::Ask) return quick == Put::NoMemory ? Store::NoMemory : Store::Done;
    switch (set_find(s, key, hash, p)) {
        case Find::Ask:
            return Store::Ask;
        case Find::Found:
            return Store::Done;
        default:
            return set_insert_new(heap, s, key, hash) ? Store::Done : Store::NoMemory;
    }
}

void set_delete_at(Heap& heap, Set* s, uint32_t entry) { delete_in(heap, s, entry); }
bool set_clear(Heap& heap, Set* s) { return replace_table(heap, s, make_table(heap, 0)); }
bool set_reserve(Heap& heap, Set* s, size_t entries) { return reserve_in(heap, s, entries); }
bool set_assign(Heap& heap, Set* to, const Set* from) {
    return replace_table(heap, to, copy_table(heap, from->table));
}
int64_t set_last(const Set* s) { return last_entry(s->table); }

Set* set_copy(Heap& heap, const Set* s, uint32_t shape) {
    return wrap_table(heap, copy_table(heap, s->table), shape);
}

namespace {

// A set of the keys of a table, which may be that of a dict.
Set* set_of_keys(Heap& heap, const DictTable* t, uint32_t shape) {
    Set* s = wrap_table(heap, copy_table(heap, t), shape);
    if (s)
        for (uint32_t i = 0; i < s->table->used; i++) s->table->entries[i].value = Value::unbound();
    return s;
}

}  // namespace

Store set_union(Heap& heap, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out) {
    out = set_of_keys(heap, a, shape);
    return out ? set_update(heap, out, b) : Store::NoMemory;
}

Store set_intersection(Heap& heap, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out) {
    out = make_set(heap, 0, shape);
    if (!out) return Store::NoMemory;
    // The keys of b, which is what a program sees of equal keys; but never of the larger one.
    return a->live < b->live ? add_selected(heap, out, a, b, true) : add_selected(heap, out, b, a, true);
}

Store set_difference(Heap& heap, const DictTable* a, const DictTable* b, uint32_t shape, Set*& out) {
    out = make_set(heap, 0, shape);
    return out ? add_selected(heap, out, a, b, false) : Store::NoMemory;
}

Store set_symmetric_difference(Heap& heap, const DictTable* a, const DictTable* b, uint32_t shape,
                               Set*& out) {
    Store s = set_difference(heap, a, b, shape, out);
    return s == Store::Done ? add_selected(heap, out, b, a, false) : s;
}

Store set_update(Heap& heap, Set* s, const DictTable* from) {
    if (s->table == from) return Store::Done;
    uint32_t position = 0;
    while (DictEntry* e = next_entry(from, position)) {
        Probe p;
        Store r = set_add(heap, s, e->key, e->hash, p);
        if (r != Store::Done) return r;
    }
    return Store::Done;
}

Fast table_subset(const DictTable* a, const DictTable* b, CompareLimits& limits) {
    if (a->live > b->live) return Fast::False;
    uint32_t position = 0;
    while (DictEntry* e = next_entry(a, position)) {
        Probe p;
        Find f = table_find(b, e->key, e->hash, p, limits);
        if (f == Find::Absent) return Fast::False;
        if (f == Find::Ask) return Fast::Unhandled;
    }
    return Fast::True;
}

Fast table_disjoint(const DictTable* a, const DictTable* b) {
    if (a->live > b->live) std::swap(a, b);
    uint32_t position = 0;
    while (DictEntry* e = next_entry(a, position)) {
        Probe p;
        CompareLimits limits;
        Find f = table_find(b, e->key, e->hash, p, limits);
        if (f == Find::Found) return Fast::False;
        if (f == Find::Ask) return Fast::Unhandled;
    }
    return Fast::True;
}

}  // namespace gen
