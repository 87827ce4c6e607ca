// The templates' other half: nothing here has to be read to use gen/gen.h, which includes it.
#pragma once
#include "gen/gen.h"

namespace gen {

class Ref::Range {
  public:
    class Iterator {
      public:
        Iterator() = default;
        explicit Iterator(Ref iterator) : iterator_(std::move(iterator)) { ++*this; }
        const Ref& operator*() const { return *current_; }
        Iterator& operator++() {
            current_ = iterator_.next();
            return *this;
        }
        bool operator!=(const Iterator&) const { return current_.has_value(); }

      private:
        Ref iterator_;
        std::optional<Ref> current_;
    };
    explicit Range(Ref iterator) : iterator_(std::move(iterator)) {}
    Iterator begin() const { return Iterator(iterator_); }
    Iterator end() const { return {}; }

  private:
    Ref iterator_;
};

inline Interpreter Ref::interpreter() const { return Interpreter(state_); }

namespace detail {
template <class T>
constexpr bool is_vector = false;
template <class T>
constexpr bool is_vector<std::vector<T>> = true;
}  // namespace detail

template <class T>
T Ref::as() const {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<Plain, Ref>)
        return *this;
    else if constexpr (std::is_same_v<Plain, bool>)
        return to_bool();
    else if constexpr (std::is_floating_point_v<Plain>)
        return Plain(to_double());
    else if constexpr (std::is_integral_v<Plain>) {
        int64_t i = to_int();
        if (int64_t(Plain(i)) != i) throw Error("OverflowError", "int too large for the host's type");
        return Plain(i);
    } else if constexpr (detail::is_vector<Plain>) {
        Plain items;
        for (const Ref& r : each()) items.push_back(r.as<typename Plain::value_type>());
        return items;
    } else {
        static_assert(std::is_same_v<Plain, std::string>,
                      "as<T>: int, floating point, bool, std::string, Ref, or a vector of them");
        return to_string();
    }
}

template <class... Args>
Ref Ref::operator()(const Args&... args) const {
    Interpreter own = interpreter();
    return call({own.value(args)...});
}
template <class... Args>
Ref Ref::method(std::string_view name, const Args&... args) const {
    return attribute(name)(args...);
}

template <class T>
Ref Interpreter::value(const std::vector<T>& items) const {
    std::vector<Ref> refs;
    for (auto&& item : items) refs.push_back(value(static_cast<const T&>(item)));
    return value(refs);
}
template <class T>
Ref Interpreter::value(const std::map<std::string, T>& items) const {
    Ref dict = new_dict();
    for (const auto& [key, item] : items) set_entry(dict, key, value(item));
    return dict;
}

template <class T>
void Promise::resolve(const T& value) const {
    settle(interpreter().value(value), false);
}

namespace detail {
// What a value is copied into on its way to another thread.
template <class T>
struct Plain {
    static_assert(std::is_arithmetic_v<T>,
                  "Resolver::resolve: a bool, a number, a text, or vectors and maps of these");
    using Type = T;
};
template <class T>
requires std::is_convertible_v<T, std::string_view>
struct Plain<T> {
    using Type = std::string;
};
template <class T>
struct Plain<std::vector<T>> {
    using Type = std::vector<T>;
    static_assert(std::is_same_v<typename Plain<T>::Type, T>);
};
template <class T>
struct Plain<std::map<std::string, T>> {
    using Type = std::map<std::string, T>;
    static_assert(std::is_same_v<typename Plain<T>::Type, T>);
};
}  // namespace detail

template <class T>
void Resolver::resolve(const T& value) const {
    using Type = typename detail::Plain<T>::Type;
    post([copy = Type(value)](const Interpreter& vm) { return vm.value(copy); });
}

template <class R>
Ref Interpreter::answer(const R& result) {
    if constexpr (std::is_same_v<R, Promise>)
        return wait_for(result);
    else
        return value(result);
}
template <class R, class F, class... Args, size_t... I>
Ref Interpreter::invoke(F& function, const std::vector<Ref>& args, std::index_sequence<I...>) {
    if constexpr (std::is_void_v<R>) {
        function(args[I].template as<std::remove_cvref_t<Args>>()...);
        return none();
    } else {
        return answer(function(args[I].template as<std::remove_cvref_t<Args>>()...));
    }
}

template <class F, class R, class... Args>
Ref Interpreter::function_as(std::string_view name, F function, R (F::*)(Args...) const) {
    if constexpr (sizeof...(Args) == 1 &&
                  (std::is_same_v<std::remove_cvref_t<Args>, std::vector<Ref>> && ...)) {
        return make_function(name, 0, true,
                             [function](Interpreter& vm, const std::vector<Ref>& args) mutable {
                                 if constexpr (std::is_void_v<R>) {
                                     function(args);
                                     return vm.none();
                                 } else {
                                     return vm.answer(function(args));
                                 }
                             });
    } else {
        return make_function(
            name, sizeof...(Args), false, [function](Interpreter& vm, const std::vector<Ref>& args) mutable {
                return vm.invoke<R, F, Args...>(function, args, std::index_sequence_for<Args...>{});
            });
    }
}
template <class F, class R, class... Args>
Ref Interpreter::function_as(std::string_view name, F function, R (F::*)(Args...)) {
    return function_as(
        name, [function](Args... args) mutable -> R { return function(std::forward<Args>(args)...); });
}
template <class F>
Ref Interpreter::function(std::string_view name, F function) {
    if constexpr (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) {
        return [&]<class R, class... Args>(R (*plain)(Args...)) {
            auto wrapped = [plain](Args... args) -> R { return plain(std::forward<Args>(args)...); };
            return this->function(name, wrapped);
        }(function);
    } else {
        return function_as(name, std::move(function), &F::operator());
    }
}

}  // namespace gen
