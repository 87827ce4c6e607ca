// The collected heap by itself: allocation, both kinds of collection, barriers, accounting. A vector of Values stands for
// what a VM would hold.
#include "vm/data/heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "vm/data/dict.h"
#include "vm/data/list.h"
#include "vm/data/string.h"

using namespace gen;

namespace {

class HeapTest : public testing::Test {
  protected:
    HeapTest() {
        heap.roots = [this](Marker& m, bool major) {
            root_scans++;
            major_scans += major;
            m.mark(held.data(), held.size());
        };
        heap.after_mark = [this](Marker& m, bool major) {
            if (hook) hook(m, major);
        };
    }
    Blob* blob(size_t bytes, uint8_t fill = 0) {
        auto* b = heap.make<Blob>(Kind::Blob, 0, sizeof(Blob) + bytes);
        if (!b) return nullptr;
        b->size = bytes;
        std::memset(b->data, fill, bytes);
        return b;
    }
    static bool filled(const Blob* b, uint8_t with) {
        return std::all_of(b->data, b->data + b->size, [&](uint8_t byte) { return byte == with; });
    }
    Cell* cell(Value v = Value::none()) {
        auto* c = heap.make<Cell>(Kind::Cell, 0);
        c->value = v;
        return c;
    }
    Cell* cell(const Object* o) { return cell(Value::object(o)); }
    void hold(const Object* o) { held.push_back(Value::object(o)); }
    size_t count_of(Kind kind) {  // of what has survived a collection
        size_t n = 0;
        heap.each_old([&](Object* o) { n += o->kind == kind; });
        return n;
    }

    Heap heap;
    std::vector<Value> held;
    std::function<void(Marker&, bool)> hook;
    int root_scans = 0, major_scans = 0;
};

}  // namespace

// ---- allocation

TEST_F(HeapTest, SizeClassesFitWithLittleWaste) {
    size_t before = 0;
    for (size_t bytes = 1; bytes <= Heap::kSmallLimit; bytes++) {
        size_t c = Heap::size_class(bytes), given = Heap::class_bytes(c);
        ASSERT_GE(given, bytes);
        ASSERT_LT(given - bytes, bytes <= 512 ? 16u : 128u) << bytes;
        ASSERT_EQ(given % Heap::kGranule, 0u);
        ASSERT_GE(c, before);
        before = c;
    }
}

TEST_F(HeapTest, ObjectsOfEverySizeAreAlignedAndApart) {
    std::vector<std::pair<char*, size_t>> blocks;
    std::mt19937 random{1};
    std::vector<size_t> sizes{
        16, 17, 512, 513, 1024, 1025, 4096, 4097, Heap::kMediumLimit, Heap::kMediumLimit + 1, 1000000};
    for (int i = 0; i < 3000; i++) sizes.push_back(16 + random() % (i % 100 ? 1200 : 100000));
    for (size_t bytes : sizes) {
        auto* p = reinterpret_cast<char*>(heap.allocate(bytes));
        ASSERT_TRUE(p);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(p) % Heap::kGranule, 0u);
        std::memset(p, 0x5a, bytes);
        blocks.emplace_back(p, bytes);
    }
    std::sort(blocks.begin(), blocks.end());
    for (size_t i = 1; i < blocks.size(); i++)
        ASSERT_LE(blocks[i - 1].first + blocks[i - 1].second, blocks[i].first);
}

TEST_F(HeapTest, MakeWritesTheWholeHeader) {
    auto* stale = heap.make<Cell>(Kind::Cell, 77);
    stale->flags = stale->aux = stale->state = 0xff;
    heap.collect(Heap::Extent::Major);
    for (int i = 0; i < 1000; i++) {
        auto* c = heap.make<Cell>(Kind::Cell, 5);
        ASSERT_EQ(c->shape, 5u);
        ASSERT_EQ(c->kind, Kind::Cell);
        ASSERT_EQ(c->flags | c->aux | c->state, 0);
    }
}

TEST_F(HeapTest, AReleasedCellIsTheNextOfItsSize) {
    Cell* c = cell();
    cell();
    heap.release(c, Heap::size_class(sizeof(Cell)));
    EXPECT_EQ(cell(), c);
}

TEST_F(HeapTest, WhatSomebodyWillStillLookAtIsNotReleased) {
    for (ObjectFlags flag : {kRemembered, kFinalizer, kWeaklyReferenced}) {
        Cell* c = cell();
        c->flags |= flag;
        heap.release(c, Heap::size_class(sizeof(Cell)));
        EXPECT_EQ(c->kind, Kind::Cell);
        EXPECT_NE(cell(), c);
    }
}

TEST_F(HeapTest, AReleasedOldCellIsGivenOutOnce) {
    std::vector<Cell*> old;
    for (int i = 0; i < 1000; i++) {
        Cell* c = cell();
        if (i % 2) {
            old.push_back(c);
            hold(c);
        }
    }
    heap.collect(Heap::Extent::Minor);
    cell();
    held.clear();
    for (Cell* c : old) heap.release(c, Heap::size_class(sizeof(Cell)));
    std::set<Object*> given;
    for (int i = 0; i < 5000; i++) ASSERT_TRUE(given.insert(cell()).second) << i;
}

// ---- minor collections

TEST_F(HeapTest, AMinorCollectionKeepsWhatIsReachable) {
    Cell* last = cell(Value::integer(42));
    Value v = Value::object(last);
    for (int i = 0; i < 100000; i++) v = Value::object(cell(v));  // far deeper than the C stack
    held.push_back(v);
    heap.collect(Heap::Extent::Minor);
    size_t n = 0;
    for (Value at = held[0]; at.is_object(); at = at.as<Cell>()->value) {
        ASSERT_TRUE(heap.is_marked(at.as_object()));
        n++;
    }
    EXPECT_EQ(n, 100001u);
    EXPECT_EQ(last->value.as_int(), 42);
    EXPECT_EQ(heap.statistics().minor, 1u);
    EXPECT_EQ(heap.statistics().major, 0u);
}

TEST_F(HeapTest, DeadCellsAreUsedAgain) {
    std::set<Object*> first;
    for (int i = 0; i < 500; i++) first.insert(cell());
    heap.collect(Heap::Extent::Minor);
    size_t again = 0;
    for (int i = 0; i < 500; i++) again += first.count(cell());
    EXPECT_EQ(again, 500u);
}

TEST_F(HeapTest, SurvivorsKeepTheirPlaceAmongTheDead) {
    std::vector<Blob*> kept;
    for (int i = 0; i < 5000; i++) {
        Blob* b = blob(40, uint8_t(i));
        if (i % 3 == 0) {
            kept.push_back(b);
            hold(b);
        }
    }
    heap.collect(Heap::Extent::Minor);
    std::set<Object*> mine(kept.begin(), kept.end());
    for (int i = 0; i < 20000; i++) ASSERT_FALSE(mine.count(blob(40, 0xee)));
    for (size_t i = 0; i < kept.size(); i++) ASSERT_TRUE(filled(kept[i], uint8_t(3 * i)));
}

TEST_F(HeapTest, AMinorCollectionLeavesOldObjectsAlone) {
    Cell* old = cell();
    hold(old);
    heap.collect(Heap::Extent::Minor);
    held.clear();
    heap.collect(Heap::Extent::Minor);
    EXPECT_TRUE(heap.is_marked(old));  // dead, but that is for a major collection to find out
    heap.collect(Heap::Extent::Major);
    EXPECT_FALSE(heap.is_marked(old));
}

// ---- the barrier

TEST_F(HeapTest, AStoreIntoAnOldObjectIsRemembered) {
    Cell* old = cell();
    hold(old);
    heap.collect(Heap::Extent::Minor);
    Cell* young = cell(Value::integer(7));
    old->value = Value::object(young);
    heap.write(old);
    EXPECT_TRUE(old->flags & kRemembered);
    heap.write(old);  // once is enough
    heap.collect(Heap::Extent::Minor);
    EXPECT_FALSE(old->flags & kRemembered);
    EXPECT_TRUE(heap.is_marked(young));
    EXPECT_EQ(young->value.as_int(), 7);
}

TEST_F(HeapTest, WithoutTheBarrierTheYoungObjectIsLost) {
    Cell* old = cell();
    hold(old);
    heap.collect(Heap::Extent::Minor);
    Cell* young = cell();
    old->value = Value::object(young);
    heap.collect(Heap::Extent::Minor);
    EXPECT_FALSE(heap.is_marked(young));
}

TEST_F(HeapTest, AYoungHolderNeedsNoBarrier) {
    Cell* young = cell();
    heap.write(young);
    EXPECT_FALSE(young->flags & kRemembered);
}

TEST_F(HeapTest, AStoreBehindTheMarkerOfAMajorCollectionIsSeen) {
    // A structure that takes several slices to mark.
    constexpr int kCells = 200000;
    List* list = make_list(heap, size_t{0});
    hold(list);
    for (int i = 0; i < kCells; i++) list_append(heap, list, Value::object(cell(Value::integer(i))));
    Cell* left = cell();
    Cell* right = cell(cell(Value::integer(1)));
    hold(left);
    hold(right);
    heap.collect(Heap::Extent::Major);
    int slices = 0;
    for (int round = 0; round < 2000 && slices < 20; round++) {
        hold(blob(100000));
        heap.collect(Heap::Extent::Auto);
        if (!heap.collecting_major()) continue;
        slices++;
        // The only reference wanders from one holder to the other, and what it refers to is renewed.
        std::swap(left->value, right->value);
        Cell* holder = left->value.is_object() ? left : right;
        holder->value = Value::object(cell(holder->value.as<Cell>()->value));
        heap.write(left);
        heap.write(right);
        for (int i = round % 997; i < kCells; i += 997) {
            list->items->items[i] = Value::object(cell(list->items->items[i].as<Cell>()->value));
            heap.write(list->items);
        }
    }
    EXPECT_EQ(slices, 20);
    Cell* holder = left->value.is_object() ? left : right;
    EXPECT_EQ(holder->value.as<Cell>()->value.as_int(), 1);
    for (int i = 0; i < kCells; i++) ASSERT_EQ(list->items->items[i].as<Cell>()->value.as_int(), i);
}

// ---- major collections

TEST_F(HeapTest, AMajorCollectionFreesCyclesAndGarbageOfAnyAge) {
    Cell* a = cell();
    Cell* b = cell(a);
    a->value = Value::object(b);
    hold(a);
    Cell* kept = cell();
    hold(kept);
    heap.collect(Heap::Extent::Minor);
    heap.collect(Heap::Extent::Minor);
    held.erase(held.begin());
    heap.collect(Heap::Extent::Major);
    EXPECT_FALSE(heap.is_marked(a));
    EXPECT_FALSE(heap.is_marked(b));
    EXPECT_TRUE(heap.is_marked(kept));
    EXPECT_EQ(count_of(Kind::Cell), 1u);
    EXPECT_GT(major_scans, 0);
}

TEST_F(HeapTest, EmptyPagesGoBackAndServeOtherSizes) {
    for (int i = 0; i < 20000; i++) hold(blob(100));
    size_t full = heap.used();
    held.clear();
    heap.collect(Heap::Extent::Major);
    EXPECT_LT(heap.used(), full / 20);
    for (int i = 0; i < 1000; i++) hold(blob(1000));
    EXPECT_LT(heap.used(), full);
}

TEST_F(HeapTest, EpochsMayWrapAround) {
    Cell* old = cell(Value::integer(5));
    hold(old);
    Blob* medium = blob(5000, 3);
    Blob* large = blob(200000, 4);
    hold(medium);
    hold(large);
    for (int i = 0; i < 600; i++) {  // more than the 250 that fit
        Cell* garbage = cell();
        heap.collect(Heap::Extent::Major);
        ASSERT_FALSE(heap.is_marked(garbage)) << i;
        ASSERT_TRUE(heap.is_marked(old)) << i;
        ASSERT_TRUE(heap.is_marked(medium)) << i;
        ASSERT_TRUE(heap.is_marked(large)) << i;
    }
    EXPECT_EQ(old->value.as_int(), 5);
    EXPECT_TRUE(filled(medium, 3));
    EXPECT_TRUE(filled(large, 4));
    EXPECT_EQ(count_of(Kind::Cell), 1u);
}

TEST_F(HeapTest, RandomGraphsSurviveAsTheModelSays) {
    std::mt19937 random{7};
    constexpr size_t kSlots = 50;
    std::vector<Array*> roots;
    for (size_t i = 0; i < 20; i++) {
        roots.push_back(make_array(heap, kSlots));
        hold(roots.back());
    }
    // Every object carries its number; what a slot should hold is kept beside.
    std::vector<std::vector<int64_t>> model(roots.size(), std::vector<int64_t>(kSlots, -1));
    int64_t serial = 0;
    for (int round = 0; round < 400; round++) {
        for (int k = 0; k < 200; k++) {
            size_t r = random() % roots.size(), s = random() % kSlots;
            size_t size = random() % 50 ? random() % 900 : random() % 150000;
            Blob* payload = blob(size, uint8_t(serial));
            Tuple* t = make_tuple(heap, size_t{2});
            t->items[0] = Value::integer(serial);
            t->items[1] = Value::object(payload);
            roots[r]->items[s] = Value::object(t);
            heap.write(roots[r]);
            model[r][s] = serial++;
        }
        heap.collect(random() % 20 ? random() % 2 ? Heap::Extent::Minor : Heap::Extent::Auto
                                   : Heap::Extent::Major);
        if (round % 10) continue;
        for (size_t r = 0; r < roots.size(); r++)
            for (size_t s = 0; s < kSlots; s++) {
                if (model[r][s] < 0) {
                    ASSERT_TRUE(roots[r]->items[s].is_unbound());
                    continue;
                }
                auto* t = roots[r]->items[s].as<Tuple>();
                ASSERT_EQ(t->items[0].as_int(), model[r][s]);
                ASSERT_TRUE(filled(t->items[1].as<Blob>(), uint8_t(model[r][s])));
            }
    }
}

// ---- objects larger than a size class

TEST_F(HeapTest, MediumObjectsTakePagesAndGiveThemBack) {
    Blob* kept = blob(3 * Heap::kPage, 9);
    hold(kept);
    size_t before = heap.used();
    for (int i = 0; i < 100; i++) blob(2 * Heap::kPage - sizeof(Blob));
    EXPECT_GE(heap.used(), before + 200 * Heap::kPage);
    heap.collect(Heap::Extent::Minor);
    EXPECT_LE(heap.used(), before + 15 * Heap::kPage);  // a page for the header of every new segment
    EXPECT_TRUE(filled(kept, 9));
    for (int i = 0; i < 100; i++) blob(2 * Heap::kPage - sizeof(Blob), 1);
    EXPECT_LE(heap.used(), before + 215 * Heap::kPage);
    EXPECT_TRUE(filled(kept, 9));
}

TEST_F(HeapTest, LargeObjectsComeAndGoWithTheirSegment) {
    size_t before = heap.used();
    Blob* large = blob(1 << 20, 6);
    EXPECT_GE(heap.used(), before + (1 << 20));
    hold(large);
    heap.collect(Heap::Extent::Minor);
    EXPECT_TRUE(filled(large, 6));
    held.clear();
    heap.collect(Heap::Extent::Minor);
    EXPECT_GE(heap.used(), before + (1 << 20));  // old by now
    heap.collect(Heap::Extent::Major);
    EXPECT_LE(heap.used(), before + Heap::kPage);
}

TEST_F(HeapTest, LargeObjectsAreTraced) {
    auto* array = make_array(heap, 100000);
    for (size_t i = 0; i < array->capacity; i++)
        array->items[i] = Value::object(cell(Value::integer(int64_t(i))));
    hold(array);
    heap.collect(Heap::Extent::Minor);
    array->items[5] = Value::object(cell(Value::integer(-5)));
    heap.write(array);
    heap.collect(Heap::Extent::Minor);
    heap.collect(Heap::Extent::Major);
    for (size_t i = 0; i < array->capacity; i++)
        ASSERT_EQ(array->items[i].as<Cell>()->value.as_int(), i == 5 ? -5 : int64_t(i));
}

// ---- accounting and limits

TEST_F(HeapTest, TheBudgetAsksForACollectionAndRingsTheAlarm) {
    int64_t budget = 1000;
    heap.set_alarm(&budget);
    size_t allocated = 0;
    while (!heap.wants_collection() && allocated < 4 * Heap::kMinorBudget) {
        cell();
        allocated += sizeof(Cell);
    }
    EXPECT_GE(allocated + 2 * Heap::kPage, Heap::kMinorBudget);
    EXPECT_LE(allocated, Heap::kMinorBudget);
    EXPECT_EQ(budget, 0);
    heap.collect(Heap::Extent::Auto);
    EXPECT_FALSE(heap.wants_collection());
}

TEST_F(HeapTest, GarbageAloneDoesNotGrowTheHeap) {
    size_t most = 0;
    for (int i = 0; i < 3000000; i++) {
        cell();
        if (heap.wants_collection()) {
            heap.collect(Heap::Extent::Auto);
            most = std::max(most, heap.used());
        }
    }
    EXPECT_LT(most, 2 * Heap::kMinorBudget);
    EXPECT_GT(heap.statistics().minor, 10u);
}

TEST_F(HeapTest, MajorCollectionsComeByThemselves) {
    std::mt19937 random{3};
    held.resize(20000, Value::none());
    size_t most = 0;
    for (int i = 0; i < 400000; i++) {  // every object gets old before it dies
        held[random() % held.size()] = Value::object(blob(500));
        if (heap.wants_collection()) heap.collect(Heap::Extent::Auto);
        most = std::max(most, heap.used());
    }
    EXPECT_GT(heap.statistics().major, 2u);
    EXPECT_LT(most, size_t{64} << 20);  // 10 MB are live, 200 MB were allocated
}

TEST_F(HeapTest, ALimitRefusesLargeObjectsAndReportsSmallOnes) {
    heap.set_limit(4 << 20);
    EXPECT_TRUE(heap.reserve(1 << 20));
    EXPECT_FALSE(heap.reserve(5 << 20));
    EXPECT_EQ(blob(5 << 20), nullptr);
    EXPECT_EQ(blob(size_t{1} << 62), nullptr);
    EXPECT_FALSE(heap.exhausted());                                   // refused, nothing was taken
    while (!heap.exhausted() && held.size() < 1000000) hold(cell());  // always succeeds
    EXPECT_TRUE(heap.exhausted());
    EXPECT_NEAR(double(heap.used()), double(4 << 20), double(2 * Heap::kSegment));
    EXPECT_EQ(blob(10000), nullptr);
    hold(cell());  // from the reserve
    heap.collect(Heap::Extent::Major);
    EXPECT_TRUE(heap.exhausted());  // all of it is in use
    held.clear();
    heap.collect(Heap::Extent::Major);
    EXPECT_FALSE(heap.exhausted());
    EXPECT_NE(blob(1 << 20), nullptr);
}

TEST_F(HeapTest, MemoryOfTheHostCounts) {
    heap.set_limit(4 << 20);
    size_t before = heap.used();
    heap.note_external(3 << 20);
    EXPECT_EQ(heap.used(), before + (3 << 20));
    EXPECT_EQ(blob(2 << 20), nullptr);
    heap.note_external(-(3 << 20));
    EXPECT_NE(blob(2 << 20), nullptr);
}

TEST_F(HeapTest, AfterMarkSeesTheDeadAndMayReviveThem) {
    Cell* inner = cell(Value::integer(11));
    Cell* doomed = cell(inner);
    Cell* kept = cell();
    hold(kept);
    bool asked = false;
    hook = [&](Marker& m, bool) {
        if (asked) return;
        asked = true;
        EXPECT_TRUE(heap.is_marked(kept));
        EXPECT_FALSE(heap.is_marked(doomed));
        m.mark(static_cast<Object*>(doomed));
        heap.drain();
        EXPECT_TRUE(heap.is_marked(inner));
    };
    heap.collect(Heap::Extent::Minor);
    EXPECT_TRUE(asked);
    EXPECT_EQ(doomed->value.as<Cell>()->value.as_int(), 11);
    heap.collect(Heap::Extent::Major);
    EXPECT_FALSE(heap.is_marked(doomed));
}

TEST_F(HeapTest, IndexesOfStringsLiveWithThem) {
    std::string text;
    for (int i = 0; i < 2000; i++) text += "\xc3\xa4";
    Str* s = make_str(heap, text);
    ASSERT_TRUE(s);
    hold(s);
    heap.collect(Heap::Extent::Minor);
    EXPECT_EQ(s->length, 2000u);
    s->index = blob(256, 1);
    heap.write(s);
    heap.collect(Heap::Extent::Minor);
    EXPECT_TRUE(heap.is_marked(s->index));
    EXPECT_TRUE(filled(s->index, 1));
}

// ---- large objects, of which only what has changed is traced

TEST_F(HeapTest, OfALargeOldArrayOnlyWhatHasChangedIsTraced) {
    static int whole_arrays;
    static Heap::Tracer original;
    whole_arrays = 0;
    original = heap.tracer(Kind::Array);
    heap.set_tracer(Kind::Array, [](Heap& h, Marker& m, Object* o) {
        whole_arrays++;
        original(h, m, o);
    });
    constexpr size_t kSize = 1'000'003;
    Array* a = make_array(heap, kSize);
    hold(a);
    heap.collect(Heap::Extent::Minor);
    EXPECT_EQ(whole_arrays, 1);
    std::mt19937 random{3};
    std::vector<size_t> places{0, 1, 61, 62, 63, 64, kSize / 2, kSize - 65, kSize - 2, kSize - 1};
    for (int round = 0; round < 300; round++) {
        if (round % 50 == 49) {  // starts with clean cards
            heap.write(a, &a->items[5]);
            heap.collect(Heap::Extent::Major);
            whole_arrays = 1;
        }
        for (int i = 0; i < 20; i++) places.push_back(random() % kSize);
        for (size_t place : places) {
            a->items[place] = Value::object(cell(Value::integer(int64_t(place))));
            heap.write(a, &a->items[place]);
        }
        for (int i = 0; i < 1000; i++) cell();
        heap.collect(Heap::Extent::Minor);
        for (int i = 0; i < 1000; i++) cell(Value::integer(-1));
        for (size_t place : places) {
            ASSERT_TRUE(heap.is_marked(a->items[place].as_object())) << place;
            ASSERT_EQ(a->items[place].as<Cell>()->value.as_int(), int64_t(place));
        }
        places.resize(10);
    }
    EXPECT_EQ(whole_arrays, 1);
    heap.write(a);
    heap.collect(Heap::Extent::Minor);
    EXPECT_EQ(whole_arrays, 2);
}

TEST_F(HeapTest, WhatMovesWithinALargeArrayIsFound) {
    List* l = make_list(heap, 100'000);
    l->size = 100'000;
    hold(l);
    for (int round = 0; round < 4; round++) {
        heap.collect(Heap::Extent::Minor);
        Cell* young = cell(Value::integer(7));
        list_set(heap, l, 64'000, Value::object(young));
        if (round == 0) list_erase(l, 10, 3000);
        if (round == 1) list_erase_step(l, 1, 2, 20'000);
        if (round == 2) list_insert(heap, l, 0, Value::none());
        if (round == 3) list_reverse(heap, l);
        heap.collect(Heap::Extent::Minor);
        EXPECT_TRUE(heap.is_marked(young)) << round;
        while (l->size < 100'000) list_append(heap, l, Value::none());
    }
    // What is appended together lies on several cards.
    std::vector<Value> many;
    for (int i = 0; i < 1000; i++) many.push_back(Value::object(cell(Value::integer(i))));
    list_reserve(heap, l, 200'000);
    heap.collect(Heap::Extent::Minor);
    for (Value& v : many) v = Value::object(cell(v));
    list_extend(heap, l, many.data(), many.size());
    heap.collect(Heap::Extent::Minor);
    for (Value v : many) ASSERT_TRUE(heap.is_marked(v.as_object()));
}

TEST_F(HeapTest, ALargeDictRemembersKeysAndValues) {
    Dict* d = make_dict(heap, 50'000);
    hold(d);
    auto hash = [](int64_t i) { return uint64_t(i) * 0x9e3779b97f4a7c15; };
    for (int64_t i = 0; i < 50'000; i++) dict_put(heap, d, Value::integer(i), hash(i), Value::none());
    heap.collect(Heap::Extent::Minor);
    DictTable* table = d->table;
    std::vector<Value> young;
    auto fresh = [&] { return young.emplace_back(Value::object(cell(Value::integer(1)))); };
    for (int64_t i = 0; i < 50'000; i += 997) dict_put(heap, d, Value::integer(i), hash(i), fresh());
    for (uint32_t i = 5; i < 50'000; i += 991) dict_store(heap, d, i, fresh());
    for (int64_t i = 0; i < 10; i++) {
        Value key = fresh();
        dict_insert_new(heap, d, key, hash(100'000 + i), fresh());
    }
    EXPECT_EQ(d->table, table);
    heap.collect(Heap::Extent::Minor);
    for (Value v : young) ASSERT_TRUE(heap.is_marked(v.as_object()));
}
