// Tables of dicts and sets, hashing, equality.
#include "vm/data/dict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "vm/data/dict_first.h"
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/list.h"
#include "vm/data/string.h"

using namespace gen;

namespace {

class DictTest : public testing::Test {
  protected:
    DictTest() {
        heap.roots = [](Marker&, bool) {};
        heap.after_mark = [](Marker&, bool) {};
    }
    Value str(std::string_view text) { return Value::object(make_str(heap, text)); }
    uint64_t hash(Value v) {
        uint64_t h = 0;
        EXPECT_TRUE(fast_hash(key, v, h));
        return h;
    }
    void set(Dict* d, Value k, Value v) {
        Probe p;
        ASSERT_EQ(dict_set(heap, d, k, hash(k), v, p), Store::Done);
    }
    Value get(Dict* d, Value k) {
        Probe p;
        return dict_find(d, k, hash(k), p) == Find::Found ? probe_value(d, p) : Value::unbound();
    }
    bool erase(Dict* d, Value k) {
        Probe p;
        if (dict_find(d, k, hash(k), p) != Find::Found) return false;
        dict_delete_at(heap, d, p.entry);
        return true;
    }
    Set* set_of(const std::vector<int>& numbers, uint32_t shape = kShapeSet) {
        Set* s = make_set(heap, 0, shape);
        Probe p;
        for (int n : numbers) set_add(heap, s, Value::integer(n), hash(Value::integer(n)), p);
        return s;
    }
    static std::vector<int> numbers(const Set* s) {
        std::vector<int> out;
        uint32_t position = 0;
        while (DictEntry* e = next_entry(s, position)) out.push_back(int(e->key.as_int()));
        return out;
    }
    // An object of which nothing is known here, so that whether it is equal must be asked.
    Value stranger() {
        auto* o = heap.make<Instance>(Kind::Instance, kBuiltinShapes + 5);
        o->extra = Value::unbound();
        return Value::object(o);
    }
    Value tuple(std::initializer_list<Value> items) {
        return Value::object(make_tuple(heap, items.begin(), items.size()));
    }
    Value list(std::initializer_list<Value> items) {
        return Value::object(make_list(heap, items.begin(), items.size()));
    }
    Heap heap;
    HashKey key{5, 6};
};

}  // namespace

TEST_F(DictTest, BehavesLikeAMapInOrderOfInsertion) {
    std::mt19937 random{1};
    for (int round = 0; round < 20; round++) {
        Dict* d = make_dict(heap);
        std::map<int, int> model;
        std::vector<int> order;
        for (int i = 0; i < 3000; i++) {
            int k = int(random() % (round < 10 ? 40 : 2000)) << (round % 3 * 10);
            Value vk = round % 2 ? str(std::to_string(k)) : Value::integer(k);
            if (random() % 3) {
                if (model.insert_or_assign(k, i).second) order.push_back(k);
                set(d, vk, Value::integer(i));
            } else {
                ASSERT_EQ(erase(d, vk), model.erase(k) == 1);
                order.erase(std::remove(order.begin(), order.end(), k), order.end());
            }
            if (random() % 50 == 0 && !order.empty()) {  // popitem
                ASSERT_GE(dict_last(d), 0);
                dict_delete_at(heap, d, uint32_t(dict_last(d)));
                model.erase(order.back());
                order.pop_back();
            }
            ASSERT_EQ(dict_length(d), model.size());
        }
        uint32_t position = 0;
        size_t n = 0;
        while (DictEntry* e = next_entry(d, position)) {
            ASSERT_LT(n, order.size());
            int k = order[n++];
            ASSERT_EQ(fast_same(e->key, round % 2 ? str(std::to_string(k)) : Value::integer(k)), Fast::True);
            ASSERT_EQ(e->value.as_int(), model[k]);
        }
        ASSERT_EQ(n, order.size());
        Dict* copy = dict_copy(heap, d);
        EXPECT_EQ(fast_eq(Value::object(copy), Value::object(d)), Fast::True);
        EXPECT_NE(copy->version, d->version);
    }
}

TEST_F(DictTest, StacksDoNotGrowTheTable) {
    Dict* d = make_dict(heap);
    for (int i = 0; i < 10; i++) set(d, Value::integer(i), Value::none());
    uint32_t bits = d->table->index_bits;
    for (int i = 10; i < 100'000; i++) {
        set(d, Value::integer(i), Value::none());
        dict_delete_at(heap, d, uint32_t(dict_last(d)));
    }
    EXPECT_LE(d->table->index_bits, bits + 1);
}

TEST_F(DictTest, EqualNumbersAreOneKey) {
    Dict* d = make_dict(heap);
    set(d, Value::integer(1), str("int"));
    set(d, make_float(heap, 1.0), str("float"));
    set(d, Value::true_(), str("bool"));
    EXPECT_EQ(dict_length(d), 1u);
    EXPECT_TRUE(d->table->entries[0].key.is(Value::integer(1)));
    EXPECT_EQ(get(d, Value::integer(1)).as<Str>()->view(), "bool");
    set(d, int_pow(heap, Value::integer(2), Value::integer(100)), Value::none());
    EXPECT_TRUE(get(d, make_float(heap, 0x1p100)).is_none());
    Value nan = make_float(heap, __builtin_nan(""));
    set(d, nan, Value::true_());
    EXPECT_TRUE(get(d, nan).is_true());  // the same object
    EXPECT_TRUE(get(d, make_float(heap, __builtin_nan(""))).is_unbound());
}

TEST_F(DictTest, AsksAboutStrangersAndStartsAgainAfterAChange) {
    Dict* d = make_dict(heap);
    Value a = stranger(), b = stranger(), c = stranger();
    for (Value v : {a, b}) ASSERT_TRUE(dict_insert_new(heap, d, v, 77, Value::none()));
    Probe p;
    ASSERT_EQ(dict_find(d, b, 78, p), Find::Absent);
    ASSERT_EQ(dict_find(d, c, 77, p), Find::Ask);
    EXPECT_TRUE(probe_key(d, p).is(a));
    ASSERT_EQ(probe_next(d, c, p), Find::Ask);
    EXPECT_TRUE(probe_key(d, p).is(b));
    EXPECT_EQ(probe_confirm(d, c, p), Find::Found);
    dict_delete_at(heap, d, 0);  // as a script's __eq__ might do meanwhile
    ASSERT_EQ(probe_confirm(d, c, p), Find::Ask);
    EXPECT_TRUE(probe_key(d, p).is(b));
    EXPECT_EQ(probe_next(d, c, p), Find::Absent);
    // The same object is found without asking, where it comes first.
    EXPECT_EQ(dict_find(d, b, 77, p), Find::Found);
}

TEST_F(DictTest, VersionsChangeWithKeysOnly) {
    Dict* d = make_dict(heap);
    set(d, str("a"), Value::integer(1));
    uint64_t version = d->version;
    set(d, str("a"), Value::integer(2));
    EXPECT_EQ(d->version, version);
    set(d, str("b"), Value::integer(2));
    EXPECT_NE(d->version, version);
    version = d->version;
    EXPECT_TRUE(dict_clear(heap, d));
    EXPECT_NE(d->version, version);
    EXPECT_EQ(dict_length(d), 0u);
}

TEST_F(DictTest, Namespaces) {
    StringTable table(key);
    ASSERT_TRUE(table.start(heap));
    Dict* d = make_dict(heap);
    for (int i = 0; i < 1000; i++)
        ASSERT_TRUE(
            dict_set_str(heap, key, d, table.intern(heap, "n" + std::to_string(i)), Value::integer(i)));
    ASSERT_TRUE(dict_insert_new(heap, d, stranger(), hash(str("n5000")), Value::none()));
    for (int i = 0; i < 1000; i++) {
        EXPECT_EQ(dict_get_str(key, d, table.intern(heap, "n" + std::to_string(i))).as_int(), i);
        EXPECT_EQ(dict_get_str(key, d, str("n" + std::to_string(i)).as<Str>()).as_int(), i);
    }
    EXPECT_TRUE(dict_get_str(key, d, str("n5000").as<Str>()).is_unbound());
    DictEntry* e;
    EXPECT_EQ(dict_find_str(d, str("n5000").as<Str>(), hash(str("n5000")), e), Find::Ask);
    EXPECT_TRUE(dict_delete_str(heap, d, str("n7").as<Str>(), hash(str("n7"))));
    EXPECT_FALSE(dict_delete_str(heap, d, str("n7").as<Str>(), hash(str("n7"))));
}

TEST_F(DictTest, MovesEntries) {
    Dict* d = make_dict(heap);
    for (int i = 0; i < 5; i++) set(d, Value::integer(i), Value::none());
    auto keys = [&] {
        std::string out;
        uint32_t position = 0;
        while (DictEntry* e = next_entry(d, position)) out += char('0' + e->key.as_int());
        return out;
    };
    ASSERT_TRUE(dict_move_to_end(heap, d, 1));
    EXPECT_EQ(keys(), "02341");
    Probe p;
    ASSERT_EQ(dict_find(d, Value::integer(4), 4, p), Find::Found);
    ASSERT_TRUE(dict_move_to_front(heap, d, p.entry));
    EXPECT_EQ(keys(), "40231");
    for (int i = 0; i < 100; i++) {
        ASSERT_EQ(dict_find(d, Value::integer(i % 5), uint64_t(i % 5), p), Find::Found);
        ASSERT_TRUE(dict_move_to_end(heap, d, p.entry));
    }
    EXPECT_EQ(keys(), "01234");
    uint32_t position = d->table->used;
    EXPECT_EQ(previous_entry(d->table, position)->key.as_int(), 4);
}

TEST_F(DictTest, FirstEntry) {
    Dict* d = make_dict(heap);
    EXPECT_EQ(dict_first(d), -1);
    std::mt19937 random(5);
    int64_t next = 0;
    auto expected = [&]() -> int64_t {
        for (uint32_t i = 0; i < d->table->used; i++)
            if (!d->table->entries[i].key.is_unbound()) return i;
        return -1;
    };
    for (int i = 0; i < 20000; i++) {
        ASSERT_EQ(dict_first(d), expected()) << i;
        const unsigned what = random() % 16, way = i / 1000 % 3;  // grows, stays, shrinks
        if (what < 5 + 3 * (2 - way)) {
            set(d, Value::integer(next++), Value::none());
            continue;
        }
        const int64_t first = dict_first(d), last = dict_last(d);
        if (first < 0) continue;
        if (what == 12)
            ASSERT_TRUE(dict_move_to_end(heap, d, uint32_t(first)));
        else if (what == 13)
            ASSERT_TRUE(dict_move_to_front(heap, d, uint32_t(last)));
        else
            dict_delete_at(heap, d, uint32_t(what == 14 ? last : first));
    }
}

TEST_F(DictTest, SetAlgebra) {
    Set *a = set_of({1, 2, 3, 4}), *b = set_of({3, 4, 5}), *out;
    ASSERT_EQ(set_union(heap, a->table, b->table, kShapeSet, out), Store::Done);
    EXPECT_EQ(numbers(out), (std::vector<int>{1, 2, 3, 4, 5}));
    ASSERT_EQ(set_intersection(heap, a->table, b->table, kShapeSet, out), Store::Done);
    EXPECT_EQ(numbers(out), (std::vector<int>{3, 4}));
    EXPECT_EQ(table_subset(out->table, a->table), Fast::True);
    EXPECT_EQ(table_subset(a->table, out->table), Fast::False);
    ASSERT_EQ(set_difference(heap, a->table, b->table, kShapeFrozenSet, out), Store::Done);
    EXPECT_EQ(numbers(out), (std::vector<int>{1, 2}));
    EXPECT_EQ(out->shape, kShapeFrozenSet);
    EXPECT_EQ(table_disjoint(out->table, b->table), Fast::True);
    ASSERT_EQ(set_symmetric_difference(heap, a->table, b->table, kShapeSet, out), Store::Done);
    EXPECT_EQ(numbers(out), (std::vector<int>{1, 2, 5}));
    EXPECT_EQ(fast_eq(Value::object(set_of({1, 2})), Value::object(set_of({2, 1}, kShapeFrozenSet))),
              Fast::True);
    EXPECT_EQ(fast_lt(Value::object(set_of({1, 2})), Value::object(a)), Fast::True);
    EXPECT_EQ(fast_lt(Value::object(a), Value::object(a)), Fast::False);
    Dict* d = make_dict(heap);
    set(d, Value::integer(9), Value::none());
    ASSERT_EQ(set_union(heap, d->table, b->table, kShapeSet, out), Store::Done);  // dict views
    EXPECT_TRUE(out->table->entries[0].value.is_unbound());
}

TEST_F(DictTest, HashesOfStructuresAsInCPython) {
    auto number = [](int64_t i) { return Value::integer(i); };
    EXPECT_EQ(hash(tuple({})), 5740354900026072187u);
    EXPECT_EQ(hash(tuple({number(1), number(2), number(3)})), 529344067295497451u);
    EXPECT_EQ(hash(tuple({number(1), tuple({number(2), make_float(heap, 3.5)}), Value::true_()})),
              7245000938040378342u);
    EXPECT_EQ(hash(Value::object(set_of({}, kShapeFrozenSet))), 133146708735736u);
    EXPECT_EQ(int64_t(hash(Value::object(set_of({1, 2, 3}, kShapeFrozenSet)))), -272375401224217160);
    uint64_t h;
    EXPECT_FALSE(fast_hash(key, list({}), h));
    EXPECT_FALSE(fast_hash(key, stranger(), h));
    EXPECT_FALSE(fast_hash(key, tuple({stranger()}), h));
}

TEST_F(DictTest, DeepAndSharedStructuresAreLeftToTheCaller) {
    Value deep = tuple({}), other = tuple({}), wide = tuple({}), wider = tuple({});
    for (int i = 0; i < 100'000; i++) {
        deep = tuple({deep});
        other = tuple({other});
    }
    for (int i = 0; i < 60; i++) {  // 2^60 items, when one goes through all
        wide = tuple({wide, wide});
        wider = tuple({wider, wider});
    }
    uint64_t h;
    EXPECT_FALSE(fast_hash(key, deep, h));
    EXPECT_FALSE(fast_hash(key, wide, h));
    EXPECT_EQ(fast_eq(deep, other), Fast::Unhandled);
    EXPECT_EQ(fast_eq(wide, wider), Fast::Unhandled);
    EXPECT_EQ(fast_lt(wide, wider), Fast::Unhandled);
    EXPECT_EQ(fast_eq(deep, deep), Fast::True);
    // A chain of frozensets with equal hashes must not recurse either.
    Value a = Value::object(set_of({1}, kShapeFrozenSet)), b = Value::object(set_of({1}, kShapeFrozenSet));
    for (int i = 0; i < 10'000; i++)
        for (Value* v : {&a, &b}) {
            Set* s = make_set(heap, 1, kShapeFrozenSet);
            ASSERT_TRUE(set_insert_new(heap, s, *v, hash(*v)));
            *v = Value::object(s);
        }
    EXPECT_EQ(fast_eq(a, b), Fast::Unhandled);
}

TEST_F(DictTest, Equality) {
    Value nan = make_float(heap, __builtin_nan(""));
    EXPECT_EQ(fast_eq(nan, nan), Fast::False);
    EXPECT_EQ(fast_eq(list({nan}), list({nan})), Fast::True);  // items are compared by identity first
    EXPECT_EQ(fast_eq(Value::integer(1), make_float(heap, 1.0)), Fast::True);
    EXPECT_EQ(fast_eq(Value::true_(), Value::integer(1)), Fast::True);
    EXPECT_EQ(fast_eq(str("1"), Value::integer(1)), Fast::False);
    EXPECT_EQ(fast_eq(Value::none(), Value::integer(0)), Fast::False);
    EXPECT_EQ(fast_eq(Value::none(), stranger()), Fast::Unhandled);
    EXPECT_EQ(fast_eq(list({Value::integer(1)}), tuple({Value::integer(1)})), Fast::False);
    EXPECT_EQ(fast_eq(Value::object(make_bytes(heap, "ab")), Value::object(make_bytearray(heap, "ab", 2))),
              Fast::True);
    Value s = stranger();
    EXPECT_EQ(fast_eq(list({s}), list({s})), Fast::True);
    EXPECT_EQ(fast_eq(list({s}), list({stranger()})), Fast::Unhandled);
    EXPECT_EQ(fast_eq(list({s, s}), list({s})), Fast::False);
    EXPECT_EQ(fast_lt(tuple({Value::integer(1), str("a")}), tuple({Value::integer(1), str("b")})),
              Fast::True);
    EXPECT_EQ(fast_lt(list({Value::integer(1)}), list({Value::integer(1), Value::integer(0)})), Fast::True);
    EXPECT_EQ(fast_lt(Value::integer(1), str("a")), Fast::Unhandled);
    EXPECT_EQ(fast_le(nan, nan), Fast::False);
    EXPECT_EQ(fast_truth(list({})), Fast::False);
    EXPECT_EQ(fast_truth(make_float(heap, -0.0)), Fast::False);
    EXPECT_EQ(fast_truth(stranger()), Fast::Unhandled);
}

TEST_F(DictTest, ChangesNothingWhenMemoryEnds) {
    Dict* d = make_dict(heap);
    heap.set_limit(heap.used() + (1 << 20));
    int n = 0;
    while (n < 1'000'000 && dict_insert_new(heap, d, Value::integer(n), uint64_t(n), Value::none())) n++;
    EXPECT_LT(n, 1'000'000);
    EXPECT_EQ(dict_length(d), uint32_t(n));
    EXPECT_TRUE(get(d, Value::integer(n - 1)).is_none());
    heap.set_limit(0);
    EXPECT_TRUE(dict_insert_new(heap, d, Value::integer(n), uint64_t(n), Value::none()));
}
