#include "runtime/host/shared_time.h"

#include "runtime/host/completions.h"

#include <algorithm>

namespace gen {

SharedTime::Member::Member(std::shared_ptr<SharedTime> time, std::shared_ptr<Completions> completions)
    : time_(std::move(time)), completions_(std::move(completions)) {}

SharedTime::Member::~Member() {
    Woken woken;
    {
        std::lock_guard guard(time_->mutex_);
        std::erase(time_->members_, this);
        time_->jump(woken);
    }
    wake(woken);
}

std::shared_ptr<SharedTime::Member> SharedTime::join(std::shared_ptr<Completions> completions) {
    auto member = std::make_shared<Member>(shared_from_this(), std::move(completions));
    std::lock_guard guard(mutex_);
    members_.push_back(member.get());
    return member;
}

void SharedTime::wake_due(Woken& woken) {
    for (Member* m : members_) {
        if (!m->is_resting() || m->deadline_ > now_) continue;
        m->stirred_ = true;
        woken.push_back(m->completions_);
    }
}

void SharedTime::jump(Woken& woken) {
    int64_t next = kForever;
    for (Member* m : members_) {
        if (!m->is_resting()) return;
        next = std::min(next, m->deadline_);
    }
    if (next == kForever) return;
    now_ = std::max<int64_t>(now_, next);
    wake_due(woken);
}

void SharedTime::wake(const Woken& woken) {
    for (const std::shared_ptr<Completions>& c : woken) c->wake();
}

void SharedTime::Member::pass(int64_t nanoseconds) {
    Woken woken;
    {
        std::lock_guard guard(time_->mutex_);
        time_->now_ += nanoseconds;
        time_->wake_due(woken);
    }
    wake(woken);
}

bool SharedTime::Member::rests(int64_t deadline) {
    Woken woken;
    bool goes_on;
    {
        std::lock_guard guard(time_->mutex_);
        if (stirred_ || deadline <= time_->now_) return true;
        deadline_ = deadline;
        resting_ = true;
        time_->jump(woken);
        goes_on = stirred_;
    }
    wake(woken);
    return goes_on;
}

void SharedTime::Member::resumes() {
    std::lock_guard guard(time_->mutex_);
    resting_ = false;
    stirred_ = false;
}

}  // namespace gen
