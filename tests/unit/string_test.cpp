// Strings: characters and offsets, searches, interning, reprs, case.
#include "vm/data/string.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "vm/data/unicode.h"

using namespace gen;

namespace {

class StringTest : public testing::Test {
  protected:
    StringTest() {
        heap.roots = [](Marker&, bool) {};
        heap.after_mark = [](Marker&, bool) {};
    }
    Str* str(std::string_view text) { return make_str(heap, text); }
    std::string repr(std::string_view text) { return std::string(repr_str(heap, str(text))->view()); }
    std::string mapped(std::string_view text, CaseMapping mapping) {
        StringBuilder out(heap);
        append_mapped(out, text, mapping);
        return std::string(out.view());
    }
    // What a string says about itself must follow from its text.
    void check(Str* s) {
        ASSERT_NE(s, nullptr);
        EXPECT_EQ(s->length, count_code_points(s->view()));
        EXPECT_EQ(s->ascii(), is_ascii(s->view()));
        EXPECT_EQ(bool(s->state & Str::kHasSurrogates), valid_utf8(s->view()) != s->size);
        EXPECT_EQ(valid_utf8(s->view(), true), s->size);
        EXPECT_EQ(s->data()[s->size], 0);
    }
    Heap heap;
};

constexpr const char* kSurrogate = "\xed\xa0\x80";

}  // namespace

TEST_F(StringTest, FlagsAndLengths) {
    for (std::string text :
         {"", "abc", "12345678", "123456789", "Gr\u00fc\u00dfe", "\u6f22\u5b57", "\U0001f600"}) {
        check(str(text));
        check(str("a" + text + kSurrogate));
    }
    EXPECT_EQ(str("Gr\u00fc\u00dfe")->length, 5u);
    EXPECT_FALSE(str("\xed\x9f\xbf")->state);  // U+D7FF, the last before the surrogates
    EXPECT_EQ(valid_utf8("ab\xc0\x80"), 2u);
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), 0u);
    EXPECT_EQ(valid_utf8("a\xe2\x82"), 1u);
}

TEST_F(StringTest, CharactersOfLongTexts) {
    std::vector<char32_t> expected;
    std::string text;
    std::mt19937 random{3};
    constexpr char32_t kPool[] = {'a', 0xe9, 0x6f22, 0x1f600, 'z'};
    for (int i = 0; i < 3000; i++) {
        char32_t c = kPool[random() % 5];
        char buffer[4];
        text.append(buffer, encode_utf8(c, buffer));
        expected.push_back(c);
    }
    Str* s = str(text);
    check(s);
    for (uint32_t i = 0; i < s->length; i++) {
        ASSERT_EQ(char_at(heap, s, i), expected[i]) << i;
        ASSERT_EQ(index_of_offset(heap, s, byte_offset(heap, s, i)), i);
    }
    EXPECT_EQ(byte_offset(heap, s, s->length), s->size);
    for (int i = 0; i < 300; i++) {
        uint32_t from = random() % s->length, to = from + random() % (s->length - from + 1);
        Str* part = substr(heap, s, from, to);
        check(part);
        EXPECT_EQ(part->length, to - from);
        if (to > from) {
            EXPECT_EQ(char_at(heap, part, to - from - 1), expected[to - 1]);
        }
        int64_t step = int64_t(random() % 200) - 100;
        if (step == 0) continue;
        uint32_t count = uint32_t(step > 0 ? (s->length - 1 - from) / step + 1 : from / -step + 1);
        Str* slice = slice_str(heap, s, from, step, count);
        check(slice);
        ASSERT_EQ(slice->length, count);
        for (uint32_t k = 0; k < count; k++) ASSERT_EQ(char_at(heap, slice, k), expected[from + k * step]);
    }
}

TEST_F(StringTest, WhatGrowsByAppendingSharesItsText) {
    for (std::string part : {"part of a text", "Gr\u00fc\u00dfe", "\xed\xa0\x80"}) {
        Str *more = str(part), *s = str(std::string(600, '-'));
        std::string expected(s->view());
        std::vector<Str*> stages;
        for (int i = 0; i < 1000; i++) {
            stages.push_back(s = concat(heap, s, more));
            expected += part;
            ASSERT_EQ(s->view(), expected);
        }
        check(s);
        unsigned shared = 0, buffers = 0;
        for (size_t i = 1; i < stages.size(); i++)
            if (stages[i]->aux & Str::kShared)
                shared++, buffers += !(stages[i - 1]->aux & Str::kShared) ||
                                     stages[i]->shared() != stages[i - 1]->shared();
        EXPECT_GT(shared, 980u);
        EXPECT_LT(buffers, 10u);
        // Whoever goes on from an earlier stage leaves the later ones alone.
        Str* other = concat(heap, stages[500], str("!"));
        EXPECT_EQ(other->view(), std::string(stages[500]->view()) + "!");
        EXPECT_EQ(s->view(), expected);
        EXPECT_EQ(stages[501]->view(), expected.substr(0, stages[501]->size));
        EXPECT_EQ(char_at(heap, s, 599), U'-');
        EXPECT_EQ(copy_str(heap, s, kShapeStr, 0)->view(), expected);
    }
}

TEST_F(StringTest, ConcatenationAndRepetition) {
    Str* s = concat(heap, str("\xed\xa0\xbd"), str("\xed\xb8\x80"));  // two halves stay two characters
    check(s);
    EXPECT_EQ(s->length, 2u);
    check(repeat(heap, str("\u00e9x"), 1000));
    EXPECT_EQ(repeat(heap, str("ab"), 3)->view(), "ababab");
    EXPECT_EQ(repeat(heap, str("\u00e9"), 0)->view(), "");
    check(repeat(heap, str("\u00e9"), -5));
    EXPECT_EQ(repeat(heap, str("ab"), int64_t{1} << 62), nullptr);
    heap.set_limit(heap.used() + (1 << 20));
    EXPECT_EQ(repeat(heap, str("ab"), 10'000'000), nullptr);
    heap.set_limit(0);
}

TEST_F(StringTest, Searches) {
    Str* text = str("\u00e9abcabc\u00e9");
    EXPECT_EQ(find(heap, text, str("abc"), 0, 8), 1);
    EXPECT_EQ(find(heap, text, str("abc"), 2, 8), 4);
    EXPECT_EQ(find(heap, text, str("abc"), 2, 6), -1);
    EXPECT_EQ(rfind(heap, text, str("abc"), 0, 8), 4);
    EXPECT_EQ(rfind(heap, text, str("\u00e9"), 0, 7), 0);
    EXPECT_EQ(find(heap, text, str(""), 3, 8), 3);
    EXPECT_EQ(rfind(heap, text, str(""), 3, 8), 8);
    EXPECT_EQ(count(heap, text, str("bc"), 0, 8), 2);
    EXPECT_EQ(count(heap, text, str(""), 0, 8), 9);
    EXPECT_EQ(count(heap, str("aaaa"), str("aa"), 0, 4), 2);
    EXPECT_GT(compare(str("a\u00e9"), str("ab")), 0);
    EXPECT_LT(compare(str("\uffff"), str("\U00010000")), 0);
}

TEST_F(StringTest, SearchesAgreeWithTheLibraryOnRepetitiveTexts) {
    std::mt19937 random{4};
    for (int i = 0; i < 4000; i++) {
        std::string text, part;
        for (size_t n = random() % 300; n; n--) text += "ab"[random() % 16 == 0];
        for (size_t n = random() % 20 + 1; n; n--) part += "ab"[random() % 8 == 0];
        size_t from = random() % (text.size() + 1);
        ASSERT_EQ(find_bytes(text, part, from), text.find(part, from));
        ASSERT_EQ(rfind_bytes(text, part), text.rfind(part));
    }
    // Quadratic in the simple way: 2 million characters, 1 million to look for.
    std::string text(2'000'000, 'a'), part(1'000'000, 'a');
    part[part.size() / 2] = 'b';
    EXPECT_EQ(find_bytes(text, part), std::string::npos);
    EXPECT_EQ(rfind_bytes(text, part), std::string::npos);
}

TEST_F(StringTest, InternedTextsAreTheSameObject) {
    HashKey key{1, 2};
    StringTable table(key);
    ASSERT_TRUE(table.start(heap));
    EXPECT_EQ(table.intern(heap, ""), table.empty());
    EXPECT_EQ(table.intern(heap, "\u00e9"), table.character(0xe9));
    std::vector<Str*> strings;
    for (int i = 0; i < 5000; i++) strings.push_back(table.intern(heap, "name" + std::to_string(i)));
    for (int i = 0; i < 5000; i++) {
        Str* own = str("name" + std::to_string(i));
        ASSERT_EQ(table.intern(heap, own), strings[size_t(i)]);
        ASSERT_EQ(hash_str(key, own), strings[size_t(i)]->hash);
    }
    Str* first = str("first of its text");
    EXPECT_EQ(table.intern(heap, first), first);
    // A sweep drops what died, and only that.
    size_t before = table.size();
    table.sweep([&](const Str* s) { return s != strings[7]; });
    EXPECT_EQ(table.size(), before - 1);
    EXPECT_EQ(table.intern(heap, "name8"), strings[8]);
    EXPECT_NE(table.intern(heap, "name7"), strings[7]);
}

TEST_F(StringTest, HashesDependOnTheKey) {
    EXPECT_NE(siphash13({1, 2}, "abc", 3), siphash13({1, 3}, "abc", 3));
    // hash(b'...') of CPython 3.11 with PYTHONHASHSEED=0.
    EXPECT_EQ(siphash13({0, 0}, "a", 1), 4644417185603328019u);
    EXPECT_EQ(siphash13({0, 0}, "abcdefg", 7), 7904145750247929094u);
    EXPECT_EQ(siphash13({0, 0}, "abcdefgh", 8), 4574395652268504554u);
    EXPECT_EQ(siphash13({0, 0}, "hello, world of hashing", 23), 2581002507866384951u);
}

TEST_F(StringTest, Reprs) {
    EXPECT_EQ(repr("abc"), "'abc'");
    EXPECT_EQ(repr("it's"), "\"it's\"");
    EXPECT_EQ(repr("'\""), "'\\'\"'");
    EXPECT_EQ(repr("\n\t\\\x7f"), "'\\n\\t\\\\\\x7f'");
    EXPECT_EQ(repr(std::string_view("\0", 1)), "'\\x00'");
    EXPECT_EQ(repr(kSurrogate), "'\\ud800'");
    EXPECT_EQ(ascii_repr(heap, str("\u00e9\u6f22\U0001f600"))->view(), "'\\xe9\\u6f22\\U0001f600'");
    StringBuilder out(heap);
    append_bytes_repr(out, "a'\xff\n");
    EXPECT_EQ(out.view(), "b\"a'\\xff\\n\"");
#if GEN_HAS_UTF8PROC
    EXPECT_EQ(repr("\u00e9\u6f22\u200b\u00a0"), "'\u00e9\u6f22\\u200b\\xa0'");
#endif
}

TEST_F(StringTest, BuilderFillsNoMoreThanAStrMayHave) {
    for (char32_t c : {char32_t('x'), char32_t(0x20ac)}) {
        StringBuilder out(heap);
        out.fill(kMaxStr / utf8_size(c) + 1, c);
        EXPECT_TRUE(out.failed());
    }
}

TEST_F(StringTest, BuilderRemembersThatMemoryEnded) {
    StringBuilder out(heap);
    heap.set_limit(heap.used() + 100'000);
    for (int i = 0; i < 1000; i++) out.append(std::string(1000, 'x'));
    EXPECT_TRUE(out.failed());
    EXPECT_EQ(out.finish(), nullptr);
    heap.set_limit(0);
    StringBuilder fine(heap);
    for (int i = 0; i < 1000; i++) fine.append_char(0xe9);
    fine.fill(10, '*');
    Str* s = fine.finish();
    check(s);
    EXPECT_EQ(s->length, 1010u);
}

TEST_F(StringTest, Case) {
    EXPECT_EQ(mapped("Stra\u00dfe", CaseMapping::Upper), "STRASSE");
    EXPECT_EQ(mapped("hello wORLD", CaseMapping::Title), "Hello World");
    EXPECT_EQ(mapped("hELLO", CaseMapping::Capitalize), "Hello");
    EXPECT_EQ(mapped("hELLO \u00e9", CaseMapping::Swap), "Hello \u00c9");
    EXPECT_EQ(mapped("Stra\u00dfe", CaseMapping::Fold), "strasse");
    EXPECT_TRUE(is_space(0xa0));
    EXPECT_EQ(digit_value(0xb2), 2);
    EXPECT_FALSE(is_decimal(0xb2));
#if GEN_HAS_UTF8PROC
    EXPECT_EQ(mapped("\u039f\u0394\u039f\u03a3", CaseMapping::Lower), "\u03bf\u03b4\u03bf\u03c2");
    EXPECT_EQ(mapped("\u03a3\u03a3a", CaseMapping::Lower), "\u03c3\u03c3a");
    EXPECT_EQ(mapped("\u0130", CaseMapping::Lower), "i\u0307");
    EXPECT_EQ(mapped("\ufb01x", CaseMapping::Title), "Fix");
    EXPECT_EQ(decimal_value(0x0665), 5);
    EXPECT_EQ(decimal_value(0x1d7ff), 9);
    EXPECT_TRUE(is_numeric(0x4e94));
    EXPECT_FALSE(is_printable(0x200b));
    StringBuilder out(heap);
    EXPECT_TRUE(append_normalized(out, std::string("e\u0301") + kSurrogate + "\ufb01", Normalization::NFKC));
    EXPECT_EQ(out.view(), std::string("\u00e9") + kSurrogate + "fi");
#endif
}
