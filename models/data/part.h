#pragma once

namespace heed::data {

/// The three parts of all examples that can be generated. Which part an example is in never
/// changes, whatever the seed: nothing of one part is ever seen in another.
enum class Part { train, validation, test };

}  // namespace heed::data
