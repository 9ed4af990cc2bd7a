#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/mapped_file.h"
#include "heed/models/data/tokenizer.h"

namespace heed::data {

/// The ids of a long text, of which a part at a time is read. It must outlive what reads it.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual int64_t size() const = 0;
  /// The ids from `begin` on; begin >= 0 and begin + into.size() <= size().
  virtual void read(int64_t begin, std::span<int64_t> into) const = 0;
};

/// Ids that somebody else holds in memory.
class TokenView final : public TokenSource {
 public:
  explicit TokenView(std::span<const int64_t> ids) : ids_(ids) {}
  int64_t size() const override { return int64_t(ids_.size()); }
  void read(int64_t begin, std::span<int64_t> into) const override;

 private:
  std::span<const int64_t> ids_;
};

/// The ids of a text in memory, four bytes each.
class TokenList final : public TokenSource {
 public:
  /// Encodes the text part by part, so that nothing but the ids grows with it. Error when the
  /// tokenizer cannot encode it.
  TokenList(const Tokenizer& tokenizer, std::string_view text);
  int64_t size() const override { return int64_t(ids_.size()); }
  void read(int64_t begin, std::span<int64_t> into) const override;

 private:
  std::vector<uint32_t> ids_;
};

/// The ids [begin, end) of another source: nine tenths to learn from, the rest to validate.
class TokenPart final : public TokenSource {
 public:
  /// Error unless 0 <= begin <= end <= source.size().
  TokenPart(const TokenSource& source, int64_t begin, int64_t end);
  int64_t size() const override { return end_ - begin_; }
  void read(int64_t begin, std::span<int64_t> into) const override;

 private:
  const TokenSource& source_;
  int64_t begin_, end_;
};

/// A file of ids with the tokenizer that made them, mapped into memory, so that it may be larger:
///   "heedtok1", bytes of an id (u32: 2 or 4), 0 (u32), number of ids (u64), length of the
///   tokenizer's JSON (u64), the JSON padded with blanks to a multiple of 8, the ids.
/// All numbers are little-endian.
class TokenFile final : public TokenSource {
 public:
  /// IoError, or FileError when the header and the size of the file do not fit.
  explicit TokenFile(const std::string& path);

  int64_t size() const override { return count_; }
  /// FileError when the file was changed since it was opened, or an id is none of the tokenizer.
  void read(int64_t begin, std::span<int64_t> into) const override;
  const std::shared_ptr<const Tokenizer>& tokenizer() const { return tokenizer_; }

 private:
  MappedFile file_;
  int64_t count_ = 0, width_ = 0, first_ = 0;  // ids, bytes of one, where they begin
  std::shared_ptr<const Tokenizer> tokenizer_;
};

/// Does a file begin as token files do? IoError when it cannot be read.
bool is_token_file(const std::string& path);

/// Calls `each` with one part of a text file after the other, about `most` bytes long and cut where
/// no token is (see first_part): texts larger than memory. IoError; FileError when the file is
/// empty or no UTF-8.
void for_each_part(const std::string& path, const std::function<void(std::string_view)>& each,
                   size_t most = size_t{1} << 20);

/// A tokenizer of a text file of any size. IoError; FileError as for_each_part.
std::unique_ptr<Tokenizer> train_tokenizer_of_file(const std::string& path,
                                                   const TokenizerOptions& options);

/// Writes the ids of a text file, whole or not at all, and returns how many there are. What is in
/// memory at a time does not grow with the text. IoError; Error when the tokenizer cannot encode
/// the text.
int64_t write_token_file(const std::string& path, const std::string& text_path,
                         const Tokenizer& tokenizer);

}  // namespace heed::data
