#include "heed/models/data/token_source.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "heed/core/error.h"
#include "heed/core/io/file_reader.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/pretokens.h"

namespace heed::data {
namespace {

static_assert(std::endian::native == std::endian::little, "token files hold little-endian numbers");

constexpr std::string_view magic = "heedtok1";
constexpr size_t part_size = size_t{1} << 20;  // of a text that is in memory

struct Header {
  char name[8] = {};
  uint32_t width = 0, zero = 0;
  uint64_t count = 0, json_length = 0;
};
static_assert(sizeof(Header) == 32);

std::string_view bytes_of(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

Header read_header(std::span<const std::byte> bytes, const std::string& path) {
  Header header;
  const bool fits = bytes.size() >= sizeof header;
  if (fits) std::memcpy(&header, bytes.data(), sizeof header);
  if (!fits || std::string_view(header.name, sizeof header.name) != magic) {
    fail<FileError>(path, ": expected a token file, which begins with ", magic);
  }
  if ((header.width != 2 && header.width != 4) || header.zero != 0) {
    fail<FileError>(path, ": expected ids of 2 or 4 bytes, got ", header.width);
  }
  const uint64_t rest = bytes.size() - sizeof header;
  const bool room = header.json_length <= rest && header.json_length % 8 == 0 &&
                    header.count == (rest - header.json_length) / header.width &&
                    (rest - header.json_length) % header.width == 0;
  if (!room) {
    fail<FileError>(path, ": ", header.count, " ids of ", header.width, " bytes and ",
                    header.json_length, " bytes of JSON do not fit the file of ", bytes.size(),
                    " bytes");
  }
  return header;
}

/// Ids of one width, each below `size`; false when one is not.
template <class T>
bool copy_ids(const std::byte* from, std::span<int64_t> into, int64_t size) {
  bool all_fit = true;
  for (size_t i = 0; i < into.size(); ++i) {
    T id = 0;
    std::memcpy(&id, from + i * sizeof id, sizeof id);
    into[i] = int64_t(id);
    all_fit &= into[i] < size;
  }
  return all_fit;
}

template <class T>
void append_ids(AtomicFile& file, std::span<const int64_t> ids) {
  std::vector<T> narrow(ids.begin(), ids.end());
  file.write({reinterpret_cast<const char*>(narrow.data()), narrow.size() * sizeof(T)});
}

}  // namespace

void TokenView::read(int64_t begin, std::span<int64_t> into) const {
  std::copy_n(ids_.begin() + begin, into.size(), into.begin());
}

TokenList::TokenList(const Tokenizer& tokenizer, std::string_view text) {
  require(tokenizer.size() <= int64_t{1} << 32, "TokenList: ", tokenizer.size(),
          " tokens are too many");
  ids_.reserve(text.size());  // what stays empty of it takes no memory
  while (!text.empty()) {
    const std::string_view part = first_part(text, part_size);
    const auto more = tokenizer.encode(part);
    ids_.insert(ids_.end(), more.begin(), more.end());
    text.remove_prefix(part.size());
  }
}

void TokenList::read(int64_t begin, std::span<int64_t> into) const {
  std::copy_n(ids_.begin() + begin, into.size(), into.begin());
}

TokenPart::TokenPart(const TokenSource& source, int64_t begin, int64_t end)
    : source_(source), begin_(begin), end_(end) {
  require(begin >= 0 && begin <= end && end <= source.size(), "TokenPart: expected a part of [0, ",
          source.size(), "), got [", begin, ", ", end, ")");
}

void TokenPart::read(int64_t begin, std::span<int64_t> into) const {
  source_.read(begin_ + begin, into);
}

TokenFile::TokenFile(const std::string& path) : file_(path) {
  const auto bytes = file_.bytes();
  const Header header = read_header(bytes, path);
  count_ = int64_t(header.count);
  width_ = header.width;
  first_ = int64_t(sizeof header + header.json_length);
  const std::string text(reinterpret_cast<const char*>(bytes.data()) + sizeof header,
                         header.json_length);
  const Json json = parse_json(text, path);
  tokenizer_ = read_tokenizer(JsonReader(json, path));
}

void TokenFile::read(int64_t begin, std::span<int64_t> into) const {
  file_.check_unchanged();
  const std::byte* from = file_.bytes().data() + first_ + begin * width_;
  const bool all_fit = width_ == 2 ? copy_ids<uint16_t>(from, into, tokenizer_->size())
                                   : copy_ids<uint32_t>(from, into, tokenizer_->size());
  if (all_fit) return;
  fail<FileError>(file_.path(), ": expected ids below ", tokenizer_->size(), ", got ",
                  *std::max_element(into.begin(), into.end()));
}

bool is_token_file(const std::string& path) {
  const FileReader file(path);
  std::string name(magic.size(), ' ');
  if (file.size() < name.size()) return false;
  file.read(0, std::as_writable_bytes(std::span(name)));
  return name == magic;
}

void for_each_part(const std::string& path, const std::function<void(std::string_view)>& each,
                   size_t most) {
  const FileReader file(path);
  if (file.size() == 0) fail<FileError>(path, ": the file is empty");
  std::string text;
  for (size_t offset = 0; offset < file.size() || !text.empty();) {
    const size_t kept = text.size(), more = std::min(most, file.size() - offset);
    text.resize(kept + more);
    file.read(offset, std::as_writable_bytes(std::span(text).subspan(kept)));
    offset += more;
    const bool last = offset == file.size();
    const std::string_view part = last ? text : first_part(text, text.size() - 1);
    if (!valid_utf8(part)) fail<FileError>(path, ": expected text in UTF-8");
    each(part);
    text.erase(0, part.size());
  }
}

std::unique_ptr<Tokenizer> train_tokenizer_of_file(const std::string& path,
                                                   const TokenizerOptions& options) {
  TokenizerTrainer trainer(options);
  for_each_part(path, [&](std::string_view part) { trainer.add(part); });
  return trainer.finish();
}

int64_t write_token_file(const std::string& path, const std::string& text_path,
                         const Tokenizer& tokenizer) {
  std::string json = tokenizer.to_json().dump();
  json.resize((json.size() + 7) / 8 * 8, ' ');
  Header header;
  std::copy(magic.begin(), magic.end(), header.name);
  header.width = tokenizer.size() <= 65536 ? 2 : 4;
  header.json_length = json.size();
  AtomicFile file(path);
  file.write(bytes_of(header));
  file.write(json);
  for_each_part(text_path, [&](std::string_view part) {
    const auto ids = tokenizer.encode(part);
    header.width == 2 ? append_ids<uint16_t>(file, ids) : append_ids<uint32_t>(file, ids);
    header.count += ids.size();
  });
  file.write_at(0, bytes_of(header));
  file.commit();
  return int64_t(header.count);
}

}  // namespace heed::data
