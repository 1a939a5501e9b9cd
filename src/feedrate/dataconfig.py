"""The part of a study's contract that says which data come in and how target maps are made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from feedrate.registry import AUTO


class Block(BaseModel):
    """A block of the configuration: frozen, and no key but those declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dataset(Block):
    """Where a dataset comes from: a generator, files, or an archive that is fetched."""

    generator: str | None = Field(None, description="a generator's name; needs no files")
    count: int = Field(404, ge=1, le=100_000, description="images to generate")
    seed: int = Field(7, ge=0, description="seed of the generator")
    format: str = Field(
        AUTO, description="a format's name, or `auto`: what the files look like is then said"
    )
    folder: str | None = Field(
        None, description="where images and annotations lie together (path); they are looked for"
    )
    images: str | None = Field(None, description="folder of the images (path)")
    annotations: str | None = Field(None, description="file or folder of the annotations (path)")
    url: str | None = Field(
        None,
        description="archive to download and unpack first; the paths are then relative to what is"
        " in it",
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="checksum of the archive, 64 hex digits"
    )
    maps: str | None = Field(
        None, description="folder of target maps made elsewhere, `.npz`, to be checked (path)"
    )
    apart_from: list[str] = Field(
        [], description="other datasets of which it may hold no picture: training against test"
    )
    on_error: Literal["stop", "exclude"] = Field(
        "stop",
        description="what an error of the validation does: stop the study, or leave the image out",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Dataset:
        files = bool(self.folder or self.images or self.annotations or self.url)
        if self.generator and self.format != AUTO:
            raise ValueError("give either `generator` or `format`: what is generated has its own")
        if files == bool(self.generator):
            raise ValueError(
                "give either `generator`, or files: `folder`, or `images` and `annotations`, or"
                " `url`; not both and not neither"
            )
        if not (self.folder or self.url or self.generator) and not (
            self.images and self.annotations
        ):
            raise ValueError("give `images` and `annotations`, or `folder` to have both found")
        if bool(self.url) != bool(self.sha256):
            raise ValueError("`url` and `sha256` belong together: what is fetched is checked")
        return self


class TargetSettings(Block):
    """The DBNet target maps (DB, Liao et al. 2020, section 3)."""

    image_size: int = Field(
        640, ge=32, le=4096, multiple_of=32, description="side of the square input (px)"
    )
    shrink_ratio: float = Field(0.4, gt=0, lt=1, description="r of the offset D = A (1 - r^2) / L")
    thresh_min: float = Field(0.3, ge=0, lt=1, description="threshold map far from text")
    thresh_max: float = Field(0.7, gt=0, le=1, description="threshold map on a text's outline")
    min_text_side: float = Field(8.0, ge=0, description="smaller texts are ignored (px)")
    distance: Literal["thales", "segment"] = Field(
        "thales", description="distance to an edge: the published rule, or the true distance"
    )
    preset: Literal["feedrate", "db", "paddle", "mmocr", "doctr", "seed"] = Field(
        "feedrate", description="whose choices the maps follow (`docs/targets.md`)"
    )


class ValidationSettings(Block):
    """How closely a dataset is looked at."""

    images: Literal["decode", "header"] = Field(
        "decode",
        description="`decode` looks at every pixel with every decoder; `header` at sizes and kinds"
        " only, for very large datasets",
    )
    max_megapixels: float = Field(
        178.95697,
        gt=0,
        le=178.95697,
        description="larger images are refused unread; no decoder here takes more than the default",
    )


class LikenessSettings(Block):
    """Whether a generated dataset is as hard to load as a real one."""

    generated: str | None = Field(None, description="name of the generated dataset")
    real: str | None = Field(None, description="name of the real one, measured beside it")
    tuned_on: int = Field(
        200, ge=1, description="first images of the real one, on which the generator was tuned"
    )


class MapSettings(Block):
    """Stored maps."""

    shards: int = Field(
        4, ge=1, le=10_000, description="jobs that share the generation of a dataset's maps"
    )
    verify: Literal["all"] | Annotated[int, Field(ge=1)] = Field(
        "all",
        description="maps made anew and compared: `all`, or how many, drawn by a hash of the keys",
    )

    @field_validator("verify", mode="before")
    @classmethod
    def _all_or_a_count(cls, value: object) -> object:
        if value != "all" and not (str(value).isdecimal() and int(str(value))):
            raise ValueError(f"{value!r} is not allowed; must be `all` or a whole number from 1")
        return value
