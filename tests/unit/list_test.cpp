// Lists, slices, bytearrays, and sorting by comparisons that someone else makes.
#include "vm/data/list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "vm/data/float.h"
#include "vm/data/sort.h"
#include "vm/data/string.h"

using namespace gen;

namespace {

class ListTest : public testing::Test {
  protected:
    List* list(const std::vector<int64_t>& numbers) {
        List* l = make_list(heap, numbers.size());
        for (int64_t n : numbers) list_append(heap, l, Value::integer(n));
        return l;
    }
    static std::vector<int64_t> numbers(const List* l) {
        std::vector<int64_t> out;
        for (size_t i = 0; i < l->size; i++) out.push_back(l->items->items[i].as_int());
        for (size_t i = l->size; i < l->items->capacity; i++) EXPECT_TRUE(l->items->items[i].is_unbound());
        return out;
    }
    Heap heap;
};

using Numbers = std::vector<int64_t>;

// Keys that cannot be compared here, each holding a number.
Value opaque(Heap& heap, int64_t number) {
    auto* o = heap.make<Instance>(Kind::Instance, kBuiltinShapes + 1);
    o->extra = Value::integer(number);
    return Value::object(o);
}

}  // namespace

TEST_F(ListTest, ChangesAsAVectorDoes) {
    std::mt19937 random{1};
    List* l = make_list(heap);
    Numbers model;
    for (int i = 0; i < 5000; i++) {
        size_t at = random() % (model.size() + 1);
        switch (random() % 6) {
            case 0:
            case 1:
                list_append(heap, l, Value::integer(i));
                model.push_back(i);
                break;
            case 2:
                list_insert(heap, l, at, Value::integer(i));
                model.insert(model.begin() + ptrdiff_t(at), i);
                break;
            case 3:
                if (at == model.size()) break;
                EXPECT_EQ(list_pop(l, at).as_int(), model[at]);
                model.erase(model.begin() + ptrdiff_t(at));
                break;
            case 4: {
                size_t count = random() % (model.size() - at + 1), n = random() % 5;
                Numbers with;
                std::vector<Value> values;
                for (size_t k = 0; k < n; k++) {
                    with.push_back(int64_t(random() % 100));
                    values.push_back(Value::integer(with.back()));
                }
                ASSERT_TRUE(list_replace(heap, l, at, count, values.data(), n));
                model.erase(model.begin() + ptrdiff_t(at), model.begin() + ptrdiff_t(at + count));
                model.insert(model.begin() + ptrdiff_t(at), with.begin(), with.end());
                break;
            }
            default: {
                size_t step = random() % 5 + 2,
                       count = at < model.size() ? (model.size() - at - 1) / step + 1 : 0;
                if (random() % 4) break;
                list_erase_step(l, at, step, count);
                for (size_t k = count; k-- > 0;) model.erase(model.begin() + ptrdiff_t(at + k * step));
            }
        }
        ASSERT_EQ(numbers(l), model);
    }
}

TEST_F(ListTest, TakesItemsFromItself) {
    List* l = list({1, 2, 3});
    ASSERT_TRUE(list_extend(heap, l, l->items->items, l->size));
    EXPECT_EQ(numbers(l), (Numbers{1, 2, 3, 1, 2, 3}));
    ASSERT_TRUE(list_replace(heap, l, 1, 1, l->items->items, l->size));
    EXPECT_EQ(numbers(l), (Numbers{1, 1, 2, 3, 1, 2, 3, 3, 1, 2, 3}));
    ASSERT_TRUE(list_repeat_in_place(heap, l, 2));
    EXPECT_EQ(l->size, 22u);
    ASSERT_TRUE(list_repeat_in_place(heap, l, -1));
    EXPECT_EQ(l->size, 0u);
    EXPECT_EQ(list_repeat(heap, list({1}), int64_t{1} << 50), nullptr);
}

TEST_F(ListTest, SliceBounds) {
    auto bounds = [](size_t n, int64_t start, int64_t stop, int64_t step) {
        return slice_bounds(n, start == 99 ? nullptr : &start, stop == 99 ? nullptr : &stop, step);
    };
    auto check = [](SliceBounds b, int64_t start, int64_t stop, size_t count) {
        EXPECT_EQ(b.start, start);
        EXPECT_EQ(b.stop, stop);
        EXPECT_EQ(b.count, count);
    };
    check(bounds(10, 99, 99, 1), 0, 10, 10);
    check(bounds(10, 99, 99, -1), 9, -1, 10);
    check(bounds(10, -3, 99, 1), 7, 10, 3);
    check(bounds(10, 2, 50, 3), 2, 10, 3);
    check(bounds(10, 50, -50, -4), 9, -1, 3);
    check(bounds(10, 7, 3, 1), 7, 3, 0);
    check(bounds(0, 99, 99, -1), -1, -1, 0);
    check(bounds(5, 99, 99, INT64_MIN), 4, -1, 1);
    check(bounds(5, INT64_MIN, INT64_MAX, 2), 0, 5, 3);
    EXPECT_EQ(numbers(list_slice(heap, list({0, 1, 2, 3, 4}), 4, -2, 3)), (Numbers{4, 2, 0}));
}

TEST_F(ListTest, ByteArrays) {
    ByteArray* b = make_bytearray(heap, "hello", 5);
    ASSERT_TRUE(bytearray_replace(heap, b, 1, 3, "ipp", 3));
    EXPECT_EQ(view_of(b), "hippo");
    ASSERT_TRUE(bytearray_replace(heap, b, 5, 0, b->buffer->data, 5));
    EXPECT_EQ(view_of(b), "hippohippo");
    ASSERT_TRUE(bytearray_replace(heap, b, 0, 8, "", 0));
    EXPECT_EQ(view_of(b), "po");
    ASSERT_TRUE(bytearray_resize(heap, b, 4));
    EXPECT_EQ(view_of(b), std::string_view("po\0\0", 4));
    ASSERT_TRUE(bytearray_resize(heap, b, 0));
    EXPECT_EQ(view_of(b), "");
}

TEST_F(ListTest, SortsStablyByAnswersFromOutside) {
    std::mt19937 random{2};
    for (int round = 0; round < 300; round++) {
        size_t n = round < 100 ? size_t(round) : random() % 2000;
        bool reverse = round & 1, with_values = round & 2, outside = round & 4;
        struct Item {
            int64_t key;
            int64_t position;
        };
        std::vector<Item> model;
        Array *keys = make_array(heap, n), *values = with_values ? make_array(heap, n) : nullptr;
        uint32_t range = 1 + random() % (round % 5 == 0 ? 3 : 5000);
        for (size_t i = 0; i < n; i++) {
            int64_t k = int64_t(random() % range);
            if (round % 7 == 0) k = int64_t(i / 3);
            if (round % 7 == 1) k = int64_t(n - i);
            if (round % 7 == 2) k = int64_t(i % 100);
            model.push_back({k, int64_t(i)});
            keys->items[i] = outside ? opaque(heap, k) : Value::integer(k);
            if (values) values->items[i] = Value::integer(int64_t(i));
        }
        std::stable_sort(model.begin(), model.end(), [&](const Item& a, const Item& b) {
            return reverse ? b.key < a.key : a.key < b.key;
        });
        Array* job = make_sort(heap, keys, values, n, reverse);
        Value a, b;
        size_t asked = 0;
        while (sort_run(heap, job, a, b, 100)) {
            if (a.is_unbound()) continue;
            asked++;
            sort_feed(heap, job, a.as<Instance>()->extra.as_int() < b.as<Instance>()->extra.as_int());
        }
        if (outside && n > 1) {
            EXPECT_LE(double(asked), double(n) * std::log2(double(n)) + 1);
            if (round % 7 == (reverse ? 1 : 0)) {
                EXPECT_EQ(asked, n - 1);
            }
        }
        for (size_t i = 0; i < n; i++) {
            int64_t k = outside ? keys->items[i].as<Instance>()->extra.as_int() : keys->items[i].as_int();
            ASSERT_EQ(k, model[i].key) << round;
            if (values) {
                ASSERT_EQ(values->items[i].as_int(), model[i].position);
            }
        }
    }
}

TEST_F(ListTest, ASortThatIsGivenUpLosesNothing) {
    std::mt19937 random{3};
    for (size_t stop = 0; stop < 1500; stop += 13) {
        Array* keys = make_array(heap, 300);
        Numbers before, after;
        for (size_t i = 0; i < 300; i++) {
            before.push_back(int64_t(random() % 1000));
            keys->items[i] = opaque(heap, before.back());
        }
        Array* job = make_sort(heap, keys, nullptr, 300, false);
        Value a, b;
        for (size_t i = 0; i < stop && sort_run(heap, job, a, b); i++)
            sort_feed(heap, job, random() & 1);  // nonsense
        for (size_t i = 0; i < 300; i++)
            after.push_back(sort_values(job)->items[i].as<Instance>()->extra.as_int());
        std::sort(before.begin(), before.end());
        std::sort(after.begin(), after.end());
        ASSERT_EQ(before, after);
    }
}

TEST_F(ListTest, SortsAtOnce) {
    std::mt19937 random{4};
    for (int kind = 0; kind < 3; kind++)
        for (bool reverse : {false, true}) {
            size_t n = 1000;
            std::vector<Value> keys, values;
            std::vector<std::pair<std::string, int>> model;
            for (size_t i = 0; i < n; i++) {
                auto k = int(random() % 50);
                std::string text = std::to_string(100 + k);
                model.push_back({text, int(i)});
                keys.push_back(kind == 0   ? Value::integer(k)
                               : kind == 1 ? make_float(heap, k / 2.0)
                                           : Value::object(make_str(heap, text)));
                values.push_back(Value::integer(int64_t(i)));
            }
            std::stable_sort(model.begin(), model.end(), [&](auto& a, auto& b) {
                return reverse ? b.first < a.first : a.first < b.first;
            });
            ASSERT_TRUE(sort_fast(keys.data(), values.data(), n, reverse));
            for (size_t i = 0; i < n; i++) ASSERT_EQ(values[i].as_int(), model[i].second);
        }
    Value mixed[] = {Value::integer(1), make_float(heap, 0.5)};
    EXPECT_FALSE(sort_fast(mixed, nullptr, 2, false));
    Value nans[] = {make_float(heap, NAN), make_float(heap, 0.5)};
    EXPECT_FALSE(sort_fast(nans, nullptr, 2, false));
    Value ints[] = {Value::integer(3), Value::integer(-1), Value::integer(2)};
    ASSERT_TRUE(sort_fast(ints, nullptr, 3, true));
    EXPECT_EQ(ints[0].as_int(), 3);
    EXPECT_EQ(ints[2].as_int(), -1);
}
